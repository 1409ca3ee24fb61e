/** Bytes one after another. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** A base-128 number; negative ones as their 64 bits, as int64 and int32 have it (protobuf.dev/programming-guides/encoding). */
export function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

const field = (number: number, wireType: number, ...parts: Uint8Array[]): Uint8Array =>
  joinBytes([varint(number * 8 + wireType), ...parts]);

/** A field of int32, int64, enum or bool. */
export const int = (number: number, value: number): Uint8Array => field(number, 0, varint(value));

export function double(number: number, value: number): Uint8Array {
  return field(number, 1, doubles([value]));
}

export function float(number: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return field(number, 5, bytes);
}

/** A field of bytes, or a message of its fields. */
export const message = (number: number, ...fields: Uint8Array[]): Uint8Array => {
  const body = joinBytes(fields);
  return field(number, 2, varint(body.length), body);
};

/** A field of text; half of a surrogate pair is written as U+FFFD. */
export const string = (number: number, value: string): Uint8Array =>
  message(number, new TextEncoder().encode(value));

/** A packed repeated double. */
export const packedDoubles = (number: number, values: readonly number[]): Uint8Array =>
  message(number, doubles(values));

function doubles(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(8 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => {
    view.setFloat64(8 * index, value, true);
  });
  return bytes;
}
