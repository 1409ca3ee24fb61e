import { readFields } from './read-fields.js';

/** A scalar of an event file. */
export interface EventScalar {
  readonly tag: string;
  readonly step: number;
  readonly value: number;
}

/** What event files hold. */
export interface TfEvents {
  readonly scalars: readonly EventScalar[];
  /** Statuses of the hparams plugin's session ends. */
  readonly ends: readonly number[];
}

/** CRC-32C bit by bit, masked. */
function maskedCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** The records of a file. @throws Error for a checksum that is wrong */
function* records(file: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  for (let at = 0; at < file.length; ) {
    const length = Number(view.getBigUint64(at, true));
    const data = file.subarray(at + 12, at + 12 + length);
    if (view.getUint32(at + 8, true) !== maskedCrc(file.subarray(at, at + 8))) throw new Error('length');
    if (view.getUint32(at + 12 + length, true) !== maskedCrc(data)) throw new Error('data');
    yield data;
    at += 16 + length;
  }
}

/** Files in the order of their names; a restart drops its step and later ones, as TensorBoard does. */
export function readTfEvents(files: ReadonlyMap<string, Uint8Array>): TfEvents {
  let scalars: EventScalar[] = [];
  const ends: number[] = [];
  for (const name of [...files.keys()].sort()) {
    const [first, ...events] = [...records(files.get(name)!)].map(readFields);
    if (first!.text(3) !== 'brain.Event:2') throw new Error('version');
    for (const event of events) {
      const step = event.int(2) ?? 0;
      if (event.has(7)) scalars = scalars.filter((scalar) => scalar.step < step);
      for (const value of event.messages(5).flatMap((summary) => summary.messages(1))) {
        const tag = value.text(1)!;
        const number = value.float(2);
        if (number !== undefined) scalars.push({ tag, step, value: number });
        if (tag === '_hparams_/session_end_info') {
          const data = value.messages(9)[0]!.messages(1)[0]!.messages(2)[0]!;
          ends.push(data.messages(4)[0]!.int(1)!);
        }
      }
    }
  }
  return { scalars, ends };
}
