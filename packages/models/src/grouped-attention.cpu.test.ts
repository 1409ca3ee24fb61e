import { gradients, graphOf, input, mul, reduceSum, type Value } from '@rag/onnx';
import { floats, type HostTensor, runGraph } from '@rag/onnx/testing';
import { describe, expect, it } from 'vitest';
import { MASKED } from './attention.js';
import { encoderInputTypes } from './encoder-inputs.js';
import { groupedAttention, type VisibleColumns, visibleBias } from './grouped-attention.js';
import { packedBatch } from './testing/packed-batch.js';

const lengths = [3, 6, 1];
const [HEADS, SHARED, WIDTH] = [4, 2, 3];

const inputs = Object.fromEntries(
  Object.entries(encoderInputTypes).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]),
) as { [Name in keyof typeof encoderInputTypes]: Value };
const operand = (name: string, heads: number) => input(name, 'float32', ['tokens', heads * WIDTH]);
const [query, key, value] = [operand('query', HEADS), operand('key', SHARED), operand('value', SHARED)];
const weight = operand('weight', HEADS);
const { block_index, token_index, attention_mask } = inputs;

const places = packedBatch(lengths, { seq: 8 });
const rows = (name: string, heads: number, scale = 1): HostTensor => {
  const data = Float32Array.from(floats([places.tokens * heads * WIDTH], name.length).data as Float64Array);
  return {
    dtype: 'float32',
    shape: [places.tokens, heads * WIDTH],
    // The filler's own rows, whose gradient is zero.
    data: data.map((x, i) =>
      i < (places.tokens - 1) * heads * WIDTH ? scale * x : name === 'weight' ? 0 : 9,
    ),
  };
};
const shape = [lengths.length, places.seq];
const feeds = {
  block_index: { dtype: 'int64', shape, data: places.block_index },
  token_index: { dtype: 'int64', shape: [places.tokens], data: places.token_index },
  attention_mask: { dtype: 'float32', shape, data: places.attention_mask },
  query: rows('query', HEADS, 3),
  key: rows('key', SHARED),
  value: rows('value', SHARED),
  weight: rows('weight', HEADS),
} as const;

const graphWith = (columns: VisibleColumns, softcap: number | null) => {
  const bias = visibleBias(attention_mask, columns);
  const operands = { query, key, value, heads: HEADS, keyValueHeads: SHARED, bias, scale: 0.7, softcap };
  const context = groupedAttention(operands, inputs, (weights) => weights);
  const slopes = gradients(reduceSum(mul(context, weight)), [query, key, value]);
  return graphOf([block_index, token_index, attention_mask, query, key, value, weight], {
    context,
    ...Object.fromEntries(['query', 'key', 'value'].map((name, i) => [`d_${name}`, slopes[i]!])),
  });
};

/** The same by loops over tokens; `shift` is added to one element of one operand. */
function reference(
  { isCausal, window = Number.POSITIVE_INFINITY }: VisibleColumns,
  softcap: number | null,
  shift?: { name: 'query' | 'key' | 'value'; at: number; by: number },
): number[] {
  const data = (name: 'query' | 'key' | 'value') => {
    const own = Array.from(feeds[name].data as Float32Array);
    if (shift?.name === name) own[shift.at]! += shift.by;
    return own;
  };
  const [q, k, v] = [data('query'), data('key'), data('value')];
  const cells = places.cells.map((cell, row) => ({ ...cell, row }));
  return cells.flatMap(({ sequence, t, row }) =>
    Array.from({ length: HEADS }, (_, head) => {
      const group = Math.floor(head / (HEADS / SHARED));
      const seen = cells.filter(
        (other) =>
          other.sequence === sequence &&
          (isCausal ? other.t <= t && t - other.t < window : Math.abs(t - other.t) < window),
      );
      const at = (x: number[], r: number, heads: number, h: number, f: number) =>
        x[(r * heads + h) * WIDTH + f]!;
      const features = Array.from({ length: WIDTH }, (__, f) => f);
      const weights = seen.map((other) => {
        const dot = features.reduce(
          (sum, f) => sum + at(q, row, HEADS, head, f) * at(k, other.row, SHARED, group, f),
          0,
        );
        const score = 0.7 * dot;
        return Math.exp(softcap === null ? score : softcap * Math.tanh(score / softcap));
      });
      const total = weights.reduce((sum, x) => sum + x, 0);
      return features.map((f) =>
        seen.reduce((sum, other, i) => sum + (weights[i]! / total) * at(v, other.row, SHARED, group, f), 0),
      );
    }).flat(),
  );
}

describe.each<[string, VisibleColumns, number | null]>([
  ['causal', { isCausal: true }, null],
  ['to both sides', { isCausal: false }, null],
  ['a causal window', { isCausal: true, window: 2 }, null],
  ['a window to both sides', { isCausal: false, window: 2 }, null],
  ['capped scores', { isCausal: true }, 0.8],
])('%s', (_, columns, softcap) => {
  it('is softmax over what a token sees, query heads two to a key head', async () => {
    const { context } = await runGraph(graphWith(columns, softcap), feeds);
    const ours = Array.from(context!.data as Float32Array);
    for (const [i, theirs] of reference(columns, softcap).entries()) expect(ours[i]).toBeCloseTo(theirs, 5);
  });

  it('has the gradient of a central difference', async () => {
    const result = await runGraph(graphWith(columns, softcap), feeds);
    const sum = (context: number[]) =>
      context.reduce((total, x, i) => total + x * (feeds.weight.data as Float32Array)[i]!, 0);
    for (const name of ['query', 'key', 'value'] as const)
      for (const at of [0, 7, 20, 35, 52]) {
        const by = 1e-4;
        const [up, down] = [by, -by].map((step) => sum(reference(columns, softcap, { name, at, by: step })));
        const slope = (up! - down!) / (2 * by);
        expect(Number(result[`d_${name}`]!.data[at]), `${name} ${at}`).toBeCloseTo(slope, 4);
      }
  });
});

it('the mask hides padding and what lies outside, once each', async () => {
  const graph = graphOf([attention_mask], {
    bias: visibleBias(attention_mask, { isCausal: true, window: 2 }),
  });
  const mask: HostTensor = { dtype: 'float32', shape: [1, 4], data: Float32Array.of(0, 1, 1, 1) };
  const { bias } = await runGraph(graph, { attention_mask: mask });
  expect(bias!.shape).toEqual([1, 1, 4, 4]);
  const [x, _] = [Math.fround(MASKED), 0];
  expect(Array.from(bias!.data as Float32Array, (one) => one + 0)).toEqual(
    [
      [x, x, x, x],
      [x, _, x, x],
      [x, _, _, x],
      [x, x, _, _],
    ].flat(),
  );
});
