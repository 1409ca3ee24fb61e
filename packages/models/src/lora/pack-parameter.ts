import { elementCount } from '../dtype.js';
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from '../float16.js';
import {
  INT4_BLOCK,
  type ParameterStorage,
  type StoredTensorSpec,
  storedTensors,
} from './parameter-storage.js';

/** Elements of a parameter, row-major: float32, or half-precision codes as a file has them. */
export type ParameterElements =
  | Float32Array
  | { readonly dtype: 'float16' | 'bfloat16'; readonly codes: Uint16Array };

/** One stored tensor with its elements; half-precision ones as codes. */
export interface StoredTensor extends StoredTensorSpec {
  readonly data: Float32Array | Uint16Array | Int8Array | Uint8Array;
}

/**
 * A parameter as `parameterRoot({ storage })` reads it; codes that are in the wanted precision already are taken as they are, without a copy.
 * float16 and bfloat16 round to nearest, ties to even. int8: by rows, the largest |w| is 127 steps. int4: by blocks of 32 columns, the element
 * furthest from zero is −8 steps, as ONNX Runtime's `MatMulNBits` computes with.
 * @throws RangeError for elements that are not the shape's, are not finite, or that float16 cannot hold
 */
export function packParameter(
  name: string,
  shape: readonly number[],
  elements: ParameterElements,
  storage: ParameterStorage,
): StoredTensor[] {
  const specs = storedTensors(name, shape, storage);
  const count = elements instanceof Float32Array ? elements.length : elements.codes.length;
  if (count !== elementCount(shape))
    throw new RangeError(
      `${name}: expected ${elementCount(shape)} elements [${shape.join(', ')}], got ${count} — pass all of them`,
    );
  const data = packed(name, shape, elements, storage);
  return specs.map((spec, i) => ({ ...spec, data: data[i]! }));
}

/** What would round to infinity: half a step above the largest number, (2 − 2⁻⁷)·2¹²⁷. */
const BFLOAT16_LIMIT = (2 - 2 ** -8) * 2 ** 127;

function packed(
  name: string,
  shape: readonly number[],
  elements: ParameterElements,
  storage: ParameterStorage,
): StoredTensor['data'][] {
  if (!(elements instanceof Float32Array) && elements.dtype === storage) return [elements.codes];
  const values = elements instanceof Float32Array ? elements : widened(elements);
  if (storage === 'float32') return [values];
  const [out = 0, width = 0] = shape;
  const limit = storage === 'float16' ? 65520 : storage === 'bfloat16' ? BFLOAT16_LIMIT : Infinity;
  const bad = values.findIndex((value) => !(Math.abs(value) < limit));
  if (bad >= 0)
    throw new RangeError(
      `${name}: expected finite elements within ${storage}, got ${values[bad]} at element ${bad} — store it as float32`,
    );
  switch (storage) {
    case 'float16':
      return [float32ToFloat16(values)];
    case 'bfloat16':
      return [float32ToBfloat16(values)];
    case 'int8':
      return packInt8(values, out, width);
    case 'int4':
      return packInt4(values, out, width);
  }
}

const widened = ({ dtype, codes }: Exclude<ParameterElements, Float32Array>): Float32Array =>
  dtype === 'float16' ? float16ToFloat32(codes) : bfloat16ToFloat32(codes);

function packInt8(values: Float32Array, rows: number, width: number): [Int8Array, Float32Array] {
  const steps = new Int8Array(values.length);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    let most = 0;
    for (let i = row * width; i < (row + 1) * width; i++) most = Math.max(most, Math.abs(values[i]!));
    scales[row] = most / 127 || 1;
    for (let i = row * width; i < (row + 1) * width; i++)
      steps[i] = Math.max(-127, Math.min(127, Math.round(values[i]! / scales[row]!)));
  }
  return [steps, scales];
}

/** The layout of https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.MatMulNBits with 4 bits. */
export function packInt4(values: Float32Array, rows: number, width: number): [Uint8Array, Float32Array] {
  const blocks = Math.ceil(width / INT4_BLOCK);
  const scales = new Float32Array(rows * blocks);
  const codes = new Uint8Array((rows * blocks * INT4_BLOCK) / 2).fill(0x88);
  for (let row = 0; row < rows; row++)
    for (let block = 0; block < blocks; block++) {
      const from = row * width + block * INT4_BLOCK;
      const to = row * width + Math.min(width, (block + 1) * INT4_BLOCK);
      let extreme = 0;
      for (let i = from; i < to; i++) if (Math.abs(values[i]!) > Math.abs(extreme)) extreme = values[i]!;
      const at = row * blocks + block;
      scales[at] = extreme / -8 || 1;
      for (let i = from; i < to; i++) {
        const step = Math.min(15, Math.max(0, Math.round(values[i]! / scales[at]!) + 8));
        const byte = (at * INT4_BLOCK + i - from) >> 1;
        codes[byte] =
          (i - from) % 2 === 0 ? (codes[byte]! & 0xf0) | step : (codes[byte]! & 0x0f) | (step << 4);
      }
    }
  return [codes, scales];
}

/** The float32 elements that a graph computes from stored tensors, to the bit. */
export function unpackParameter(
  shape: readonly number[],
  storage: ParameterStorage,
  [stored, scale]: readonly StoredTensor['data'][],
): Float32Array {
  if (storage === 'float32') return stored as Float32Array;
  if (storage === 'float16') return float16ToFloat32(stored as Uint16Array);
  if (storage === 'bfloat16') return bfloat16ToFloat32(stored as Uint16Array);
  const width = shape[1] ?? 0;
  const blocks = Math.ceil(width / INT4_BLOCK);
  return Float32Array.from({ length: elementCount(shape) }, (_, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    if (storage === 'int8') return stored![i]! * scale![row]!;
    const at = row * blocks * INT4_BLOCK + column;
    const byte = stored![at >> 1]!;
    return (
      ((at % 2 === 0 ? byte & 0x0f : byte >> 4) - 8) * scale![row * blocks + Math.floor(column / INT4_BLOCK)]!
    );
  });
}
