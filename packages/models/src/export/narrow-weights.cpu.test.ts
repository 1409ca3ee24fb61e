import { add, constant, gather, linear, matmul, mul, nameOf, parameter, trace, transpose } from '@rag/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { type NarrowDtype, narrowWeights } from './narrow-weights.js';
import { bytesOfParameters, encodeOneFile, singlePrecision } from './portable-model.js';

/** Seeded numbers in (−1, 1). */
const numbers = (count: number, seed: number) =>
  Float32Array.from({ length: count }, (_, i) => Math.sin((i + 1) * 12.9898 + seed) * Math.cos(i * 78.233));
const [ROWS, WIDTH, OUT] = [50, 72, 40];
const arrays = new Map([
  ['table', numbers(ROWS * WIDTH, 1)],
  ['weight', numbers(OUT * WIDTH, 2)],
  ['bias', numbers(OUT, 3)],
]);
const model = singlePrecision(
  trace({ ids: { dtype: 'int64', shape: ['tokens'] } }, ({ ids }) => {
    const x = gather(parameter('table', [ROWS, WIDTH], 'float32'), ids);
    return {
      y: linear(x, parameter('weight', [OUT, WIDTH], 'float32'), parameter('bias', [OUT], 'float32')),
    };
  }),
  async (name) => arrays.get(name)!,
);

async function run(bytes: Uint8Array): Promise<Float32Array> {
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const ids = BigInt64Array.from({ length: ROWS }, (_, i) => BigInt(i));
  const { y } = await session.run({ ids: new Tensor('int64', ids, [ROWS]) });
  return y!.data as Float32Array;
}

/** ‖a − b‖ / ‖b‖ */
const relative = (a: Float32Array, b: Float32Array): number =>
  Math.sqrt(a.reduce((sum, x, i) => sum + (x - b[i]!) ** 2, 0) / b.reduce((sum, x) => sum + x * x, 0));

const exact = await run(await encodeOneFile(model));

describe('narrowWeights', () => {
  it.each([
    ['fp16', 1e-6, 1e-3, 2],
    ['q8', 1e-4, 0.015, 3.5],
    ['q4', 1e-3, 0.12, 3.9],
  ] as const)(
    '%s: stock ONNX Runtime runs it, within its rounding, in fewer bytes',
    async (dtype, least, most, times) => {
      const narrow = narrowWeights(model, dtype);
      const error = relative(await run(await encodeOneFile(narrow)), exact);
      expect(error).toBeGreaterThan(least);
      expect(error).toBeLessThan(most);
      expect(bytesOfParameters(model.graph) / bytesOfParameters(narrow.graph)).toBeGreaterThanOrEqual(times);
    },
  );

  it.each(['fp16', 'q8', 'q4'] as NarrowDtype[])('%s: a weight of two products stays one', async (dtype) => {
    const shared = singlePrecision(
      trace({ ids: { dtype: 'int64', shape: ['tokens'] } }, ({ ids }) => {
        const x = gather(parameter('table', [ROWS, WIDTH], 'float32'), ids);
        const weight = parameter('weight', [OUT, WIDTH], 'float32');
        const bias = parameter('bias', [OUT], 'float32');
        return { y: add(linear(x, weight, bias), linear(mul(x, 2), weight, bias)) };
      }),
      async (name) => arrays.get(name)!,
    );
    const wide = await run(await encodeOneFile(shared));
    expect(relative(await run(await encodeOneFile(narrowWeights(shared, dtype))), wide)).toBeLessThan(0.12);
  });

  it.each(['fp16', 'q8', 'q4'] as NarrowDtype[])('%s: every weight is read once', async (dtype) => {
    const names: string[] = [];
    const read = (name: string) => {
      names.push(name);
      return model.read(name);
    };
    await encodeOneFile(narrowWeights({ ...model, read }, dtype));
    expect(names.sort()).toEqual([...arrays.keys()].sort());
  });

  it.each(['q8', 'q4'] as NarrowDtype[])('%s: weights of zero stay zero', async (dtype) => {
    const zero = { ...model, read: async (name: string) => new Uint8Array(arrays.get(name)!.byteLength) };
    expect((await run(await encodeOneFile(narrowWeights(zero, dtype)))).every((x) => x === 0)).toBe(true);
  });

  it('q8: two products of a weight and an unsigned byte fit into 16 bits, so that no processor saturates', async () => {
    const narrow = narrowWeights(model, 'q8');
    const { shape, dtype } = narrow.graph.parameters.find((value) => nameOf(value) === 'weight_quantized')!;
    expect([dtype, shape]).toEqual(['int8', [WIDTH, OUT]]);
    const steps = new Int8Array((await narrow.read('weight_quantized')).slice().buffer);
    const furthest = Math.max(...steps.map(Math.abs));
    expect(furthest).toBe(64);
    expect(2 * 255 * furthest).toBeLessThanOrEqual(32_767);
  });

  it.each(['q8', 'q4'] as NarrowDtype[])('%s: a head of few labels stays float32', (dtype) => {
    const headed = (labels: number) =>
      singlePrecision(
        trace({ x: { dtype: 'float32', shape: ['rows', WIDTH] } }, ({ x }) => ({
          y: linear(x, parameter('weight', [labels, WIDTH], 'float32')),
        })),
        async () => numbers(labels * WIDTH, 1),
      );
    const namesOf = (labels: number) => narrowWeights(headed(labels), dtype).graph.parameters.map(nameOf);
    expect(namesOf(4)).toEqual(['weight']);
    expect(namesOf(5)).not.toContain('weight');
  });

  it.each(['fp16', 'q8', 'q4'] as NarrowDtype[])(
    '%s: a tied head reads the rows that it is asked for of the narrow table',
    async (dtype) => {
      const tied = singlePrecision(
        trace({ ids: { dtype: 'int64', shape: ['tokens'] } }, ({ ids }) => {
          const table = parameter('table', [ROWS, WIDTH], 'float32');
          const asked = gather(table, constant([3, 7], 'int64'));
          return { y: matmul(gather(table, ids), transpose(asked, [1, 0])) };
        }),
        async (name) => arrays.get(name)!,
      );
      const narrow = narrowWeights(tied, dtype);
      expect(bytesOfParameters(narrow.graph)).toBeLessThanOrEqual(bytesOfParameters(tied.graph) / 2);
      const wide = await run(await encodeOneFile(tied));
      expect(relative(await run(await encodeOneFile(narrow)), wide)).toBeLessThan(0.01);
    },
  );

  it('fp16 refuses what it cannot hold', async () => {
    const large = singlePrecision(model.graph, async (name) =>
      new Float32Array(arrays.get(name)!.length).fill(7e4),
    );
    const narrow = narrowWeights(large, 'fp16');
    await expect(narrow.read(nameOf(narrow.graph.parameters[0]!))).rejects.toThrow(
      'table: expected weights of at most 65504 for fp16, got 70000 — export in another dtype',
    );
  });
});
