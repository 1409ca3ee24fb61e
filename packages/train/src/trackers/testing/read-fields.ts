/** A protobuf message as its fields, by number; of one that is repeated the first, unless all are asked for. */
export interface ReadFields {
  has(number: number): boolean;
  int(number: number): number | undefined;
  float(number: number): number | undefined;
  text(number: number): string | undefined;
  messages(number: number): ReadFields[];
}

/** Reads a message with no schema. @throws RangeError where it is cut off */
export function readFields(bytes: Uint8Array): ReadFields {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: { number: number; int?: number; float?: number; bytes?: Uint8Array }[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = view.getUint8(at++);
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = tag >>> 3;
    if ((tag & 7) === 0) found.push({ number, int: varint() });
    else if ((tag & 7) === 1) {
      found.push({ number, float: view.getFloat64(at, true) });
      at += 8;
    } else if ((tag & 7) === 5) {
      found.push({ number, float: view.getFloat32(at, true) });
      at += 4;
    } else {
      const length = varint();
      if (at + length > bytes.length) throw new RangeError('cut off');
      found.push({ number, bytes: bytes.subarray(at, at + length) });
      at += length;
    }
  }
  const first = (number: number) => found.find((field) => field.number === number);
  return {
    has: (number) => first(number) !== undefined,
    int: (number) => first(number)?.int,
    float: (number) => first(number)?.float,
    text(number) {
      const field = first(number)?.bytes;
      return field && new TextDecoder('utf-8', { fatal: true }).decode(field);
    },
    messages: (number) =>
      found.filter((field) => field.number === number).map((field) => readFields(field.bytes!)),
  };
}
