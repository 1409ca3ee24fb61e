import { DTYPE_BYTES } from './dtype.js';
import type { FileSource } from './file-source.js';
import { type PickleReader, unpickleFrom } from './pickle.js';
import { MAX_PICKLE_BYTES, PickleCutError } from './pickle-bytes.js';
import { describe, isKind, type PickleValue } from './pickle-value.js';
import { PytorchFileError } from './pytorch-file-error.js';
import { type StateDictParts, stateDictReader } from './state-dict.js';

/** `torch.serialization.MAGIC_NUMBER`, 0x1950a86a20f9469cfc6c, little-endian. */
const MAGIC = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const PROTOCOL_VERSION = 1001;
/** Bytes that are read at first; most state dicts' pickles fit. */
const FIRST_WINDOW = 1 << 16;

const plainReader = (file: string): PickleReader => ({
  globals: new Map(),
  persistent: (id) => {
    throw new PytorchFileError(file, `expected plain values, got a persistent id of ${describe(id)}`);
  },
});

/** The byte after the pickled magic number with which a file of torch before 1.6 begins, or undefined. */
export function legacyMagicEnd(head: Uint8Array): number | undefined {
  if (head[0] !== 0x80) return undefined;
  // Protocol 4 and 5 put a frame of 13 bytes around it; LONG1 of 10 bytes, STOP.
  const at = head[2] === 0x95 ? 11 : 2;
  const bytes = [0x8a, MAGIC.length, ...MAGIC, 0x2e];
  return bytes.every((byte, i) => head[at + i] === byte) ? at + bytes.length : undefined;
}

/**
 * The parts of a file that torch wrote before 1.6 (or with `_use_new_zipfile_serialization=False`): five pickles one after another
 * (magic number, protocol version, system, object, storage keys), then each storage as an int64 count and its elements.
 * Source: torch/serialization.py, `_legacy_save`.
 * @throws PytorchFileError
 */
export async function readPytorchLegacy(
  source: FileSource,
  file: string,
  magicEnd: number,
): Promise<StateDictParts> {
  const size = await source.size(file);
  const { reader, storages } = stateDictReader(file);
  const plain = plainReader(file);
  const pickles = await readPickles(source, file, magicEnd, [plain, plain, reader, plain]);
  const [version, system, state, keys] = pickles.values;
  if (version !== PROTOCOL_VERSION) {
    throw new PytorchFileError(file, `expected protocol ${PROTOCOL_VERSION}, got ${describe(version)}`);
  }
  if (!isKind(system, 'dict') || system.items.get('little_endian') !== true) {
    throw new PytorchFileError(
      file,
      'expected little-endian data, got another "little_endian"',
      'load and save it again on a little-endian machine, or as safetensors',
    );
  }
  const order = isKind(keys, 'list') ? keys.items : [];
  if (order.length !== storages.size || new Set(order).size !== order.length) {
    throw new PytorchFileError(file, `expected the keys of ${storages.size} storages, got ${order.length}`);
  }
  const begins = new Map<string, number>();
  let at = pickles.end;
  for (const key of order) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined;
    if (storage === undefined) {
      throw new PytorchFileError(file, `expected the key of a storage, got ${describe(key)}`);
    }
    const bytes = storage.count * DTYPE_BYTES[storage.dtype];
    if (bytes > size - at - 8) {
      throw new PytorchFileError(
        file,
        `storage ${storage.key}: expected ${storage.count} elements of ${storage.dtype}, got the end of the file`,
      );
    }
    const head = await source.read(file, at, 8);
    const count = new DataView(head.buffer, head.byteOffset).getBigInt64(0, true);
    if (count !== BigInt(storage.count)) {
      throw new PytorchFileError(
        file,
        `storage ${storage.key}: expected ${storage.count} elements, got ${count}`,
      );
    }
    begins.set(storage.key, at + 8);
    at += 8 + bytes;
  }
  if (at !== size) {
    throw new PytorchFileError(
      file,
      `expected the end of the file at byte ${at}, got ${size - at} bytes more`,
    );
  }
  return { state: state as PickleValue, begins };
}

/** Pickles that follow one another, one per reader; the window grows until they fit, since nothing says their length. */
async function readPickles(
  source: FileSource,
  file: string,
  start: number,
  readers: readonly PickleReader[],
): Promise<{ values: readonly PickleValue[]; end: number }> {
  const size = await source.size(file);
  const limit = Math.min(size - start, MAX_PICKLE_BYTES);
  let bytes = new Uint8Array(0);
  const values: PickleValue[] = [];
  let at = 0;
  for (let window = FIRST_WINDOW; values.length < readers.length; window *= 4) {
    if (bytes.length < Math.min(window, limit))
      bytes = await source.read(file, start, Math.min(window, limit));
    try {
      while (values.length < readers.length) {
        const { value, end } = unpickleFrom(bytes, at, file, readers[values.length]!);
        values.push(value);
        at = end;
      }
    } catch (error) {
      if (!(error instanceof PickleCutError) || bytes.length === limit) throw error;
    }
  }
  return { values, end: start + at };
}
