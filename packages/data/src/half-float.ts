/** Value of one IEEE 754 binary16 code, exactly. */
function halfValue(code: number): number {
  const sign = code & 0x8000 ? -1 : 1;
  const exponent = (code >>> 10) & 0x1f;
  const mantissa = code & 0x3ff;
  if (exponent === 0x1f) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  return sign * (1024 + mantissa) * 2 ** (exponent - 25);
}

let values: Float32Array | undefined;

/** Widens binary16 codes to float32, exactly, by a table of all 65,536. */
export function widenHalf(codes: Uint16Array): Float32Array<ArrayBuffer> {
  values ??= Float32Array.from({ length: 2 ** 16 }, (_, code) => halfValue(code));
  const out = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) out[i] = values[codes[i]!]!;
  return out;
}

/**
 * Narrows finite float32 values to binary16 codes, to nearest, ties to even; magnitudes from 65520 on, which binary16
 * cannot hold, become the code of infinity (0x7c00 with the sign), for the caller to refuse.
 */
export function narrowHalf(floats: Float32Array): Uint16Array<ArrayBuffer> {
  const out = new Uint16Array(floats.length);
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  for (let i = 0; i < floats.length; i++) {
    const sign = (bits[i]! >>> 16) & 0x8000;
    // Below 2⁻¹⁴ all values share the spacing 2⁻²⁴.
    const exponent = Math.max(-14, ((bits[i]! >>> 23) & 0xff) - 127);
    const units = Math.abs(floats[i]!) / 2 ** (exponent - 10);
    const floor = Math.floor(units);
    const rest = units - floor;
    const rounded = rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
    // `rounded` counts 1024 … 2048 for normal values, so that its bit 10 and a carry run into the exponent field.
    out[i] = sign | Math.min(0x7c00, (exponent + 14) * 1024 + rounded);
  }
  return out;
}
