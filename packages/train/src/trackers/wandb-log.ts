import { crc32 } from './checksum.js';
import { joinBytes } from './wire-format.js';

// LevelDB's log format (google/leveldb, doc/log_format.md) behind a header of its own, with plain CRC-32 over type and data
// (wandb/sdk/internal/datastore.py).

/** Header of a `.wandb` file: `:W&B`, a magic number, a version. */
export const wandbHeader = Uint8Array.of(0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0x00);

const blockSize = 32_768;
const headSize = 7;
const types = { full: 1, first: 2, middle: 3, last: 4 } as const;

/** A record as it stands at byte `offset` of the file: in parts that end with blocks. */
export function logRecord(data: Uint8Array, offset: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let position = offset;
  const put = (bytes: Uint8Array): void => {
    parts.push(bytes);
    position += bytes.length;
  };
  for (let from = 0, isBegun = false; ; isBegun = true) {
    const space = blockSize - (position % blockSize);
    if (space < headSize) put(new Uint8Array(space));
    const to = Math.min(data.length, from + blockSize - (position % blockSize) - headSize);
    const isLast = to === data.length;
    const whole = isLast ? types.full : types.first;
    const rest = isLast ? types.last : types.middle;
    const type = isBegun ? rest : whole;
    const part = data.subarray(from, to);
    const head = new Uint8Array(headSize);
    const view = new DataView(head.buffer);
    view.setUint32(0, crc32(Uint8Array.of(type), part), true);
    view.setUint16(4, part.length, true);
    head[6] = type;
    put(head);
    put(part);
    if (isLast) return joinBytes(parts);
    from = to;
  }
}

/** A record and where it ends. */
export interface LogRecord {
  readonly data: Uint8Array;
  /** Bytes of the file up to its end. */
  readonly end: number;
}

/** The records of a file, up to the first that is cut off or damaged. */
export function* readLog(bytes: Uint8Array): Generator<LogRecord, void, undefined> {
  if (bytes.length < headSize || wandbHeader.some((byte, index) => bytes[index] !== byte)) return;
  let parts: Uint8Array[] = [];
  for (let at = headSize; ; ) {
    const room = blockSize - (at % blockSize);
    if (room < headSize) {
      at += room;
      continue;
    }
    if (at + headSize > bytes.length) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, headSize);
    const length = view.getUint16(4, true);
    const type = view.getUint8(6);
    const data = bytes.subarray(at + headSize, at + headSize + length);
    if (data.length < length || headSize + length > room) return;
    if (view.getUint32(0, true) !== crc32(Uint8Array.of(type), data)) return;
    const isStart = type === types.full || type === types.first;
    if (type < types.full || type > types.last || isStart !== (parts.length === 0)) return;
    parts.push(data);
    at += headSize + length;
    if (type === types.full || type === types.last) {
      yield { data: joinBytes(parts), end: at };
      parts = [];
    }
  }
}
