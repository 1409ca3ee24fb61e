import type { VectorCodec } from './vector-codec.js';

/** A line `{"id", "vector"}` per row, or `{"vector"}`; numbers in the fewest digits, up to nine, that give the float32 back. */
export function jsonlCodec(width: number): VectorCodec {
  return {
    group: 1,
    header: () => new Uint8Array(0),
    encode: async (rows, vectors) => {
      const lines = rows.map(({ id }, row) => {
        const name = id === undefined ? '' : `"id":${JSON.stringify(id)},`;
        const numbers = Array.from(vectors.subarray(row * width, (row + 1) * width), shortest);
        return `{${name}"vector":[${numbers.join(',')}]}\n`;
      });
      return new TextEncoder().encode(lines.join(''));
    },
  };
}

function shortest(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`vector: expected finite elements, got ${value}`);
  for (let digits = 6; digits < 9; digits++) {
    const text = String(Number(value.toPrecision(digits)));
    if (Math.fround(Number(text)) === value) return text;
  }
  // Nine significant digits name every float32.
  return String(Number(value.toPrecision(9)));
}
