/**
 * Widens IEEE 754 binary16 codes to float32, exactly: subnormals, infinities and NaN payloads included.
 * @param codes one code per element, in the low 16 bits.
 */
export function float16ToFloat32(codes: Uint16Array): Float32Array<ArrayBuffer> {
  const out = new Float32Array(codes.length);
  const bits = new Uint32Array(out.buffer);
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!;
    const sign = (code & 0x8000) << 16;
    const exponent = (code >>> 10) & 0x1f;
    const mantissa = code & 0x3ff;
    if (exponent === 0x1f) {
      bits[i] = sign | 0x7f800000 | (mantissa << 13);
    } else if (exponent !== 0) {
      bits[i] = sign | ((exponent + 112) << 23) | (mantissa << 13);
    } else if (mantissa === 0) {
      bits[i] = sign;
    } else {
      // Subnormal: mantissa · 2^-24 is a normal float32 once its leading one is moved to bit 10.
      const shift = Math.clz32(mantissa) - 21;
      bits[i] = sign | ((113 - shift) << 23) | (((mantissa << shift) & 0x3ff) << 13);
    }
  }
  return out;
}

/**
 * Narrows float32 to IEEE 754 binary16 codes, round to nearest, ties to even.
 * Magnitudes of 65520 and more become infinity; a NaN stays a NaN and keeps the top of its payload.
 */
export function float32ToFloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const out = new Uint16Array(values.length);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < values.length; i++) {
    const sign = (bits[i]! >>> 16) & 0x8000;
    const magnitude = bits[i]! & 0x7fffffff;
    if (magnitude > 0x7f800000) {
      out[i] = sign | 0x7c00 | ((magnitude >>> 13) & 0x3ff || 0x200);
    } else if (magnitude >= 0x477ff000) {
      out[i] = sign | 0x7c00;
    } else if (magnitude >= 0x38800000) {
      out[i] = sign | roundToEven(magnitude - 0x38000000, 13);
    } else if (magnitude >= 0x33000000) {
      // Below 2^-14 the result is subnormal: the 24-bit significand in units of 2^-24.
      out[i] = sign | roundToEven((magnitude & 0x7fffff) | 0x800000, 126 - (magnitude >>> 23));
    } else {
      out[i] = sign;
    }
  }
  return out;
}

/** Widens bfloat16 codes (the upper half of a float32) to float32, exactly. */
export function bfloat16ToFloat32(codes: Uint16Array): Float32Array<ArrayBuffer> {
  const out = new Float32Array(codes.length);
  const bits = new Uint32Array(out.buffer);
  for (let i = 0; i < codes.length; i++) bits[i] = codes[i]! << 16;
  return out;
}

/** Narrows float32 to bfloat16 codes, round to nearest, ties to even; a NaN stays a NaN. */
export function float32ToBfloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const out = new Uint16Array(values.length);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < values.length; i++) {
    const code = bits[i]!;
    if ((code & 0x7fffffff) > 0x7f800000) {
      // The quiet bit keeps a NaN whose payload lies in the dropped half from turning into infinity.
      out[i] = (code >>> 16) | ((code & 0x7f0000) === 0 ? 0x40 : 0);
    } else {
      out[i] = (code + 0x7fff + ((code >>> 16) & 1)) >>> 16;
    }
  }
  return out;
}

/** `value / 2^shift`, to nearest, ties to even; the carry runs into the exponent field as it should. */
function roundToEven(value: number, shift: number): number {
  const quotient = value >>> shift;
  const rest = value & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return rest > half || (rest === half && (quotient & 1) === 1) ? quotient + 1 : quotient;
}
