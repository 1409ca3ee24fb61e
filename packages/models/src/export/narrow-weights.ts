import {
  add,
  cast,
  defineOp,
  type Graph,
  gather,
  graphOf,
  mul,
  nameOf,
  parameter,
  rewrite,
  sub,
  type Value,
} from '@rag/onnx';
import { float32ToFloat16 } from '../float16.js';
import type { PortableModel } from './portable-model.js';
import { widenParameters } from './widen-parameters.js';

/** How weights are narrowed; files are named after it as transformers.js looks for them. */
export type NarrowDtype = 'fp16' | 'q8' | 'q4';

/** The name of each kind's file in `onnx`, without `.onnx`. */
export const NARROW_NAMES: { readonly [Kind in NarrowDtype]: string } = {
  fp16: 'model_fp16',
  q8: 'model_quantized',
  q4: 'model_q4',
};

/** Steps from 0 to a row's largest weight: of tables, and of linear layers. */
const STEPS = { uint8: 127, int8: 64 } as const;
/** Weights of a block of `MatMulNBits`, which share a scale. */
const BLOCK = 32;
/** Most labels of a head that stays float32: fewer bits of so few rows save nothing and move every score. */
const LABELS = 4;

const DynamicQuantizeLinear = defineOp<[Value]>('DynamicQuantizeLinear', {
  infer: ([x]) => [
    { dtype: 'uint8', shape: x.shape },
    { dtype: 'float32', shape: [] },
    { dtype: 'uint8', shape: [] },
  ],
  gradient: 'none',
});
const MatMulInteger = defineOp<[Value, Value, Value]>('MatMulInteger', {
  infer: ([a, b]) => [{ dtype: 'int32', shape: [...a.shape.slice(0, -1), b.shape[1]!] }],
  gradient: 'none',
});
/** https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.MatMulNBits */
const MatMulNBits = defineOp<
  [Value, Value, Value],
  { K: number; N: number; bits: number; block_size: number }
>('MatMulNBits', {
  domain: 'com.microsoft',
  infer: ([a], { N }) => [{ dtype: 'float32', shape: [...a.shape.slice(0, -1), N] }],
  gradient: 'none',
});

/**
 * A float32 model with narrower weights, which computes in float32 but for products of 8-bit integers:
 * - `fp16`: every weight in half precision, widened in the graph;
 * - `q8`: linear layers by rows of int8 with a scale each, times inputs that are quantised as they come (`DynamicQuantizeLinear`, `MatMulInteger`);
 * - `q4`: linear layers in blocks of 32 four-bit weights with a scale each (`MatMulNBits`); the tables of embeddings, in both, by rows of uint8,
 *   of which a tied head reads the rows that it is asked for.
 * Heads of at most 4 labels, norms, softmax, biases, products of activations and what weights are not read by (`Gather`, `Gemm`) stay float32 in all of them: that is where
 * half precision overflows, and processors compute it by widening.
 * Signed weights of 64 steps: ONNX Runtime's products of signed weights took less than half the time of unsigned ones where the processor has
 * VNNI, and with 127 steps a sum of two of them overflows 16 bits where it has none (its `reduce_range`).
 * @throws RangeError, when a weight is read that half precision cannot hold
 */
export function narrowWeights({ graph, read }: PortableModel, dtype: NarrowDtype): PortableModel {
  const made = new Map<string, () => Promise<Uint8Array>>();
  // Steps and scales of a weight are asked for one after the other: it is read once for both.
  const floats = ofOneName((name) => read(name).then(asFloats));
  // A weight that several products read (DeBERTa's `share_att_key`) is one parameter, as it was.
  const parameters = new Map<string, Value>();
  const narrowed = (
    name: string,
    shape: readonly number[],
    type: 'uint8' | 'int8' | 'float16' | 'float32',
    make: () => Promise<ArrayBufferView>,
  ): Value => {
    const known = parameters.get(name);
    if (known) return known;
    made.set(name, async () => {
      const { buffer, byteOffset, byteLength } = await make();
      return new Uint8Array(buffer, byteOffset, byteLength);
    });
    const value = parameter(name, shape, type);
    parameters.set(name, value);
    return value;
  };
  if (dtype === 'fp16') {
    const half = (value: Value): Value => {
      const name = nameOf(value);
      return narrowed(name, value.shape as number[], 'float16', async () => toHalf(name, await floats(name)));
    };
    return { graph: widenParameters(graph, half), read: (name) => made.get(name)!() };
  }
  const once = new Map<Value, readonly Value[]>();
  const quantized = (x: Value): readonly Value[] => {
    const known = once.get(x) ?? DynamicQuantizeLinear.all([x]);
    once.set(x, known);
    return known;
  };
  /** Rows by the steps of their kind, and a scale each. */
  const byRows = (name: string, rows: number, width: number, kind: keyof typeof STEPS): [Value, Value] => {
    const columns = kind === 'int8';
    const shape = columns ? [width, rows] : [rows, width];
    return [
      narrowed(`${name}_quantized`, shape, kind, async () =>
        quantizeRows(await floats(name), rows, width, kind),
      ),
      narrowed(`${name}_scale`, columns ? [rows] : [rows, 1], 'float32', async () =>
        rowScales(await floats(name), rows, width, STEPS[kind]),
      ),
    ];
  };
  const blocksOf = ofOneName(async (name, out: number, width: number) =>
    quantizeBlocks(await floats(name), out, width),
  );
  const outputs = rewrite(Object.values(graph.outputs), ({ op, attributes }, operands) => {
    const [x, weight, bias] = operands as [Value, Value, Value | null];
    if (
      op.opType === 'Gather' &&
      x.source.kind === 'parameter' &&
      attributes.axis === 0 &&
      x.shape.length === 2
    ) {
      const [rows, scales] = byRows(nameOf(x), x.shape[0] as number, x.shape[1] as number, 'uint8');
      return [mul(sub(cast(gather(rows, weight), 'float32'), 128), gather(scales, weight))];
    }
    if (op.opType !== 'Gemm' || weight.source.kind !== 'parameter' || attributes.transB !== 1)
      return undefined;
    const name = nameOf(weight);
    const [out, width] = weight.shape as readonly [number, number];
    if (out <= LABELS) return undefined;
    const withBias = (y: Value) => [bias ? add(y, bias) : y];
    if (dtype === 'q4') {
      const blocks = Math.ceil(width / BLOCK);
      const packed = narrowed(
        `${name}_q4`,
        [out, blocks, BLOCK / 2],
        'uint8',
        async () => (await blocksOf(name, out, width)).packed,
      );
      const scales = narrowed(
        `${name}_scales`,
        [out * blocks],
        'float32',
        async () => (await blocksOf(name, out, width)).scales,
      );
      return withBias(MatMulNBits.of([x, packed, scales], { K: width, N: out, bits: 4, block_size: BLOCK }));
    }
    const [columns, scales] = byRows(name, out, width, 'int8');
    const [values, scale, zero] = quantized(x) as [Value, Value, Value];
    const product = MatMulInteger.of([values, columns, zero]);
    return withBias(mul(cast(product, 'float32'), mul(scales, scale)));
  });
  return { graph: sameNames(graph, outputs), read: (name) => made.get(name)?.() ?? read(name) };
}

/** Remembers what it made for the last name, and nothing of the ones before. */
function ofOneName<Rest extends unknown[], T>(
  make: (name: string, ...rest: Rest) => Promise<T>,
): (name: string, ...rest: Rest) => Promise<T> {
  let last: { readonly name: string; readonly made: Promise<T> } | undefined;
  return (name, ...rest) => {
    if (last?.name !== name) {
      // What was made before is given up first.
      last = undefined;
      last = { name, made: make(name, ...rest) };
    }
    return last.made;
  };
}

const asFloats = ({ buffer, byteOffset, byteLength }: Uint8Array): Float32Array =>
  new Float32Array(buffer, byteOffset, byteLength / 4);

function sameNames(graph: Graph, outputs: readonly Value[]): Graph {
  const names = Object.keys(graph.outputs);
  return graphOf(graph.inputs, Object.fromEntries(names.map((name, i) => [name, outputs[i]!])));
}

function toHalf(name: string, values: Float32Array): Uint16Array {
  const wide = values.findIndex((value) => Math.abs(value) > 65504);
  if (wide >= 0)
    throw new RangeError(
      `${name}: expected weights of at most 65504 for fp16, got ${values[wide]} — export in another dtype`,
    );
  return float32ToFloat16(values);
}

/** Largest |w| of each row, as so many steps. */
function rowScales(values: Float32Array, rows: number, width: number, steps: number): Float32Array {
  return Float32Array.from({ length: rows }, (_, row) => {
    let most = 0;
    for (let i = row * width; i < (row + 1) * width; i++) most = Math.max(most, Math.abs(values[i]!));
    return most === 0 ? 1 : most / steps;
  });
}

/** uint8 around 128 row by row, as a table is; or int8 around 0 with rows as columns, as a product reads them. */
function quantizeRows(
  values: Float32Array,
  rows: number,
  width: number,
  kind: keyof typeof STEPS,
): Uint8Array | Int8Array {
  const steps = STEPS[kind];
  const scales = rowScales(values, rows, width, steps);
  const quantized = kind === 'int8' ? new Int8Array(values.length) : new Uint8Array(values.length).fill(128);
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < width; i++) {
      const step = Math.round(values[row * width + i]! / scales[row]!);
      quantized[kind === 'int8' ? i * rows + row : row * width + i]! += Math.max(
        -steps,
        Math.min(steps, step),
      );
    }
  return quantized;
}

/** Four-bit steps around 8, the lower half of a byte first; the element furthest from 0 is −8 steps. */
function quantizeBlocks(values: Float32Array, rows: number, width: number) {
  const blocks = Math.ceil(width / BLOCK);
  const scales = new Float32Array(rows * blocks);
  const packed = new Uint8Array((rows * blocks * BLOCK) / 2).fill(0x88);
  for (let row = 0; row < rows; row++)
    for (let block = 0; block < blocks; block++) {
      const [from, to] = [row * width + block * BLOCK, row * width + Math.min(width, (block + 1) * BLOCK)];
      let extreme = 0;
      for (let i = from; i < to; i++) if (Math.abs(values[i]!) > Math.abs(extreme)) extreme = values[i]!;
      const scale = extreme === 0 ? 1 : extreme / -8;
      scales[row * blocks + block] = scale;
      for (let i = from; i < to; i++) {
        const step = Math.min(15, Math.max(0, Math.round(values[i]! / scale) + 8));
        const at = ((row * blocks + block) * BLOCK + i - from) >> 1;
        packed[at] = (i - from) % 2 === 0 ? (packed[at]! & 0xf0) | step : (packed[at]! & 0x0f) | (step << 4);
      }
    }
  return { packed, scales };
}
