import type { FileSource } from './file-source.js';
import { PytorchFileError } from './pytorch-file-error.js';

/** One stored (uncompressed) file of a zip archive. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Bytes from the start of the archive to the entry's local header. */
  readonly headerOffset: number;
  /** Bytes from the start of the archive that the entry may fill: where the next header or the central directory begins. */
  readonly end: number;
}

/** The largest central directory that is read, in bytes: several hundred thousand entries. */
export const MAX_DIRECTORY_BYTES = 1 << 26;

const END_RECORD = 22;
const LONGEST_COMMENT = 0xffff;
const LOCATOR_64 = 20;
const END_RECORD_64 = 56;
const CENTRAL_HEADER = 46;
const LOCAL_HEADER = 30;

/**
 * Reads the central directory of a zip archive whose entries are stored, zip64 included, as `torch.save` writes them.
 * Compressed, encrypted, split or repeated entries are errors; entry data is not read, and CRCs are not checked, since
 * PyTorch can be told to leave them out. Format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 * @throws PytorchFileError
 */
export async function readZipDirectory(
  source: FileSource,
  file: string,
): Promise<ReadonlyMap<string, ZipEntry>> {
  const size = await source.size(file);
  const { count, offset, length } = await findDirectory(source, file, size);
  if (length > MAX_DIRECTORY_BYTES) {
    throw new PytorchFileError(
      file,
      `expected a central directory of at most ${MAX_DIRECTORY_BYTES} bytes, got ${length}`,
    );
  }
  if (count * CENTRAL_HEADER > length) {
    throw new PytorchFileError(
      file,
      `expected at least ${CENTRAL_HEADER} bytes per entry, got ${count} entries in ${length} bytes`,
    );
  }
  const bytes = await source.read(file, offset, length);
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    const { entry, next } = centralHeader(bytes, at, file, offset);
    if (entries.has(entry.name)) {
      throw new PytorchFileError(
        file,
        `expected each entry once, got ${JSON.stringify(entry.name.slice(0, 200))} twice`,
      );
    }
    entries.set(entry.name, entry);
    at = next;
  }
  if (at !== length) {
    throw new PytorchFileError(
      file,
      `expected ${count} entries to fill the central directory, got ${length - at} bytes more`,
    );
  }
  return apart(entries, file);
}

/** Entries may not share bytes: each ends before the next header. */
function apart(entries: ReadonlyMap<string, ZipEntry>, file: string): ReadonlyMap<string, ZipEntry> {
  const ends = new Map<string, number>();
  const order = [...entries.values()].sort((a, b) => a.headerOffset - b.headerOffset);
  for (const [i, entry] of order.entries()) {
    const end = order[i + 1]?.headerOffset ?? entry.end;
    if (entry.headerOffset + LOCAL_HEADER + entry.size > end) {
      throw new PytorchFileError(
        file,
        `entry ${JSON.stringify(entry.name)}: expected it to end before byte ${end}, got ${entry.size} bytes from byte ${entry.headerOffset} that overlap the next entry`,
      );
    }
    ends.set(entry.name, end);
  }
  return new Map([...entries].map(([name, entry]) => [name, { ...entry, end: ends.get(name)! }]));
}

/** Where the bytes of an entry begin, by its local header. */
export async function zipDataOffset(source: FileSource, file: string, entry: ZipEntry): Promise<number> {
  const label = `entry ${JSON.stringify(entry.name)}`;
  if (entry.headerOffset + LOCAL_HEADER > entry.end) {
    throw new PytorchFileError(
      file,
      `${label}: expected its header before byte ${entry.end}, got byte ${entry.headerOffset}`,
    );
  }
  const header = view(await source.read(file, entry.headerOffset, LOCAL_HEADER));
  if (header.getUint32(0, true) !== 0x04034b50) {
    throw new PytorchFileError(
      file,
      `${label}: expected a local header at byte ${entry.headerOffset}, got other bytes`,
    );
  }
  const begin = entry.headerOffset + LOCAL_HEADER + header.getUint16(26, true) + header.getUint16(28, true);
  if (begin + entry.size > entry.end) {
    throw new PytorchFileError(
      file,
      `${label}: expected ${entry.size} bytes before byte ${entry.end}, got ${Math.max(0, entry.end - begin)}`,
    );
  }
  return begin;
}

async function findDirectory(
  source: FileSource,
  file: string,
  size: number,
): Promise<{ count: number; offset: number; length: number }> {
  const tailLength = Math.min(size, END_RECORD + LONGEST_COMMENT);
  const tail = view(await source.read(file, size - tailLength, tailLength));
  let at = tailLength - END_RECORD;
  const isEnd = (i: number) =>
    tail.getUint32(i, true) === 0x06054b50 && i + END_RECORD + tail.getUint16(i + 20, true) === tailLength;
  while (at >= 0 && !isEnd(at)) at--;
  if (at < 0) {
    throw new PytorchFileError(file, 'expected a zip archive, got no end of its directory (a cut download?)');
  }
  const disks = tail.getUint32(at + 4, true);
  let count = tail.getUint16(at + 10, true);
  let length = tail.getUint32(at + 12, true);
  let offset = tail.getUint32(at + 16, true);
  let end = size - tailLength + at;
  if (disks !== 0 && disks !== 0xffffffff) {
    throw new PytorchFileError(file, 'expected one zip archive, got a part of a split one');
  }
  const locatorAt = end - LOCATOR_64;
  if (locatorAt >= 0) {
    const locator = view(await source.read(file, locatorAt, LOCATOR_64));
    if (locator.getUint32(0, true) === 0x07064b50) {
      const recordAt = uint64(locator, 8, file);
      if (recordAt + END_RECORD_64 > locatorAt) {
        throw new PytorchFileError(
          file,
          `expected the zip64 end record before byte ${locatorAt}, got byte ${recordAt}`,
        );
      }
      const record = view(await source.read(file, recordAt, END_RECORD_64));
      if (record.getUint32(0, true) !== 0x06064b50) {
        throw new PytorchFileError(file, `expected a zip64 end record at byte ${recordAt}, got other bytes`);
      }
      count = uint64(record, 32, file);
      length = uint64(record, 40, file);
      offset = uint64(record, 48, file);
      end = recordAt;
    }
  }
  if (offset + length !== end) {
    throw new PytorchFileError(
      file,
      `expected the central directory to end at byte ${end}, got ${length} bytes from byte ${offset}`,
    );
  }
  return { count, offset, length };
}

function centralHeader(
  bytes: Uint8Array,
  at: number,
  file: string,
  end: number,
): { entry: ZipEntry; next: number } {
  const header = view(bytes);
  const broken = () => new PytorchFileError(file, `expected an entry at byte ${at} of the central directory`);
  if (at + CENTRAL_HEADER > bytes.length || header.getUint32(at, true) !== 0x02014b50) throw broken();
  const extraAt = at + CENTRAL_HEADER + header.getUint16(at + 28, true);
  const extraEnd = extraAt + header.getUint16(at + 30, true);
  const next = extraEnd + header.getUint16(at + 32, true);
  if (next > bytes.length) throw broken();
  let name: string;
  try {
    name = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      bytes.subarray(at + CENTRAL_HEADER, extraAt),
    );
  } catch (cause) {
    throw new PytorchFileError(file, 'expected entry names in UTF-8, got other bytes', undefined, { cause });
  }
  const label = `entry ${JSON.stringify(name.slice(0, 200))}`;
  if ((header.getUint16(at + 8, true) & 0x2041) !== 0) {
    throw new PytorchFileError(file, `${label}: expected plain bytes, got an encrypted entry`);
  }
  const method = header.getUint16(at + 10, true);
  if (method !== 0) {
    throw new PytorchFileError(
      file,
      `${label}: expected a stored entry (method 0), got compression method ${method}`,
      'torch.save never compresses: load and save it again in Python',
    );
  }
  let packed = header.getUint32(at + 20, true);
  let size = header.getUint32(at + 24, true);
  let headerOffset = header.getUint32(at + 42, true);
  let long = zip64Field(header, extraAt, extraEnd);
  const wide = (): number => {
    if (long === undefined || long.at + 8 > long.end) {
      throw new PytorchFileError(file, `${label}: expected a zip64 field with its sizes, got none`);
    }
    const value = uint64(header, long.at, file);
    long = { at: long.at + 8, end: long.end };
    return value;
  };
  // In this order, each only when its 32-bit field is full (APPNOTE 4.5.3).
  if (size === 0xffffffff) size = wide();
  if (packed === 0xffffffff) packed = wide();
  if (headerOffset === 0xffffffff) headerOffset = wide();
  if (packed !== size) {
    throw new PytorchFileError(
      file,
      `${label}: expected the same size stored and unpacked, got ${packed} and ${size}`,
    );
  }
  if (headerOffset + LOCAL_HEADER + size > end) {
    throw new PytorchFileError(
      file,
      `${label}: expected it before the central directory at byte ${end}, got ${size} bytes from byte ${headerOffset}`,
    );
  }
  return { entry: { name, size, headerOffset, end }, next };
}

/** The zip64 extended information (tag 1) among an entry's extra fields. */
function zip64Field(header: DataView, begin: number, end: number): { at: number; end: number } | undefined {
  for (let at = begin; at + 4 <= end; ) {
    const length = header.getUint16(at + 2, true);
    if (at + 4 + length > end) return undefined;
    if (header.getUint16(at, true) === 1) return { at: at + 4, end: at + 4 + length };
    at += 4 + length;
  }
  return undefined;
}

function uint64(bytes: DataView, at: number, file: string): number {
  const value = bytes.getBigUint64(at, true);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new PytorchFileError(file, `expected sizes and offsets below 2^53, got ${value}`);
  }
  return Number(value);
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
