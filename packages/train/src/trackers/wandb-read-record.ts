/** What resuming needs to know of a Record. */
export interface ReadRecord {
  /** Of a row of the history. */
  readonly step?: number;
  readonly isExit: boolean;
  /** Of the run, in milliseconds since 1970. */
  readonly startTime?: number;
}

const fieldNumbers = { history: 2, run: 17, exit: 18, historyStep: 2, startTime: 17 } as const;

/** Reads a Record's kind, and the step or start that it holds. @throws RangeError for bytes that are no message */
export function readRecord(record: Uint8Array): ReadRecord {
  let read: ReadRecord = { isExit: false };
  for (const { number, body } of fields(record)) {
    if (number === fieldNumbers.exit) read = { isExit: true };
    if (number === fieldNumbers.history && body) {
      // A step of 0 is left out of the message by other writers.
      const step = last(fields(body).filter((each) => each.number === fieldNumbers.historyStep))?.body;
      read = { isExit: false, step: step ? (first(fields(step))?.value ?? 0) : 0 };
    }
    if (number === fieldNumbers.run && body) {
      const start = last(fields(body).filter((each) => each.number === fieldNumbers.startTime))?.body;
      const values = start ? new Map(fields(start).map((each) => [each.number, each.value ?? 0])) : new Map();
      if (start)
        read = { isExit: false, startTime: (values.get(1) ?? 0) * 1000 + (values.get(2) ?? 0) / 1e6 };
    }
  }
  return read;
}

const first = <Item>(items: readonly Item[]): Item | undefined => items[0];
const last = <Item>(items: readonly Item[]): Item | undefined => items.at(-1);

interface Field {
  readonly number: number;
  /** Of a varint. */
  readonly value?: number;
  /** Of bytes, text or a message. */
  readonly body?: Uint8Array;
}

function fields(bytes: Uint8Array): Field[] {
  const found: Field[] = [];
  let at = 0;
  const readVarint = (): number => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, value));
    }
    throw new RangeError(`protobuf: expected a varint at byte ${at}, got no end — the file is damaged`);
  };
  const take = (length: number): Uint8Array => {
    if (length < 0 || at + length > bytes.length)
      throw new RangeError(
        `protobuf: expected ${length} bytes at byte ${at}, got ${bytes.length - at} — the file is damaged`,
      );
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = readVarint();
    const number = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (wireType === 0) found.push({ number, value: readVarint() });
    else if (wireType === 2) found.push({ number, body: take(readVarint()) });
    else if (wireType === 1 || wireType === 5) {
      take(wireType === 1 ? 8 : 4);
      found.push({ number });
    } else
      throw new RangeError(
        `protobuf: expected a wire type of 0, 1, 2 or 5, got ${wireType} — the file is damaged`,
      );
  }
  return found;
}
