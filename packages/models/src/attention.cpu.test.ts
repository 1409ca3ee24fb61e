import { gradients, graphOf, input, mul, nameOf, reduceSum, type Value } from '@rag/onnx';
import { floats, type HostTensor, runGraph } from '@rag/onnx/testing';
import { describe, expect, it } from 'vitest';
import { alibiBias, alibiSlopes, attention, attentionBias, localAttentionBias } from './attention.js';
import { encoderInputTypes } from './encoder-inputs.js';
import { packedBatch } from './testing/packed-batch.js';

const lengths = [3, 5, 1];
const HEADS = 2;
const HIDDEN = 6;
const WIDTH = HIDDEN / HEADS;

const inputs = Object.fromEntries(
  Object.entries(encoderInputTypes).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]),
) as { [Name in keyof typeof encoderInputTypes]: Value };
const [query, key, value, weight] = ['query', 'key', 'value', 'weight'].map((name) =>
  input(name, 'float32', ['tokens', HIDDEN]),
) as [Value, Value, Value, Value];
const context = attention(
  { query, key, value, bias: attentionBias(inputs.attention_mask) },
  inputs,
  HEADS,
  (weights) => weights,
);
const slopes = gradients(reduceSum(mul(context, weight)), [query, key, value]);
const fed = [inputs.block_index, inputs.token_index, inputs.attention_mask];
const graph = graphOf([...fed, query, key, value, weight], {
  context,
  ...Object.fromEntries(['d_query', 'd_key', 'd_value'].map((name, i) => [name, slopes[i]!])),
});

/** Elements as a function of (sequence, place, feature), so that a token has them wherever it is packed; fillers get 9. */
function rowsOf(name: string, places: ReturnType<typeof packedBatch>): HostTensor {
  const source = floats([lengths.length * 16 * HIDDEN], name.length * 31 + name.charCodeAt(0))
    .data as Float64Array;
  const data = new Float32Array(places.tokens * HIDDEN).fill(name === 'weight' ? 0 : 9);
  for (const [row, { sequence, t, real }] of places.cells.entries())
    if (real)
      for (let f = 0; f < HIDDEN; f++) data[row * HIDDEN + f] = source[(sequence * 16 + t) * HIDDEN + f]!;
  return { dtype: 'float32', shape: [places.tokens, HIDDEN], data };
}

async function run(mode: 'packed' | 'padded', seq?: number) {
  const places = packedBatch(lengths, { mode, ...(seq === undefined ? {} : { seq }) });
  const shape = [lengths.length, places.seq];
  const result = await runGraph(graph, {
    block_index: { dtype: 'int64', shape, data: places.block_index },
    token_index: { dtype: 'int64', shape: [places.tokens], data: places.token_index },
    attention_mask: { dtype: 'float32', shape, data: places.attention_mask },
    ...Object.fromEntries([query, key, value, weight].map((v) => [nameOf(v), rowsOf(nameOf(v), places)])),
  });
  /** The rows of real tokens, in the order of the sequences. */
  return Object.fromEntries(
    Object.entries(result).map(([name, { data }]) => [
      name,
      places.cells.flatMap(({ real }, row) =>
        real ? Array.from((data as Float32Array).slice(row * HIDDEN, (row + 1) * HIDDEN)) : [],
      ),
    ]),
  );
}

const worst = (a: readonly number[], b: readonly number[]) => {
  expect(a).toHaveLength(b.length);
  return Math.max(...a.map((x, i) => Math.abs(x - b[i]!)));
};

it('is softmax(q·kᵀ/√width)·v of each head, within a sequence', async () => {
  const places = packedBatch(lengths);
  const [q, k, v] = ['query', 'key', 'value'].map((name) => rowsOf(name, places).data as Float32Array);
  const expected: number[] = [];
  for (const [row, { sequence }] of places.cells.entries()) {
    const peers = places.cells.flatMap((cell, other) => (cell.sequence === sequence ? [other] : []));
    for (let head = 0; head < HEADS; head++) {
      const at = (x: Float32Array, r: number, f: number) => x[r * HIDDEN + head * WIDTH + f]!;
      const features = Array.from({ length: WIDTH }, (_, f) => f);
      const weights = peers.map((other) =>
        Math.exp(features.reduce((sum, f) => sum + at(q!, row, f) * at(k!, other, f), 0) / Math.sqrt(WIDTH)),
      );
      const total = weights.reduce((sum, x) => sum + x, 0);
      for (const f of features)
        expected.push(peers.reduce((sum, other, i) => sum + (weights[i]! / total) * at(v!, other, f), 0));
    }
  }
  expect(worst((await run('packed')).context!, expected)).toBeLessThan(1e-5);
});

describe('values and gradients of a token do not depend on the batch’s form', () => {
  it.each([
    ['padded', undefined],
    ['packed', 16],
    ['padded', 12],
  ] as const)('%s, %s columns', async (mode, seq) => {
    const [expected, found] = [await run('packed'), await run(mode, seq)];
    for (const name of ['context', 'd_query', 'd_key', 'd_value'])
      expect(worst(found[name]!, expected[name]!), name).toBeLessThan(1e-5);
    expect(Math.max(...expected.d_key!.map(Math.abs))).toBeGreaterThan(1e-2);
  });
});

it('the bias hides padding and leaves real tokens as they are', async () => {
  const graph = graphOf([inputs.attention_mask], { bias: attentionBias(inputs.attention_mask) });
  const { bias } = await runGraph(graph, {
    attention_mask: { dtype: 'float32', shape: [2, 2], data: Float32Array.of(1, 1, 1, 0) },
  });
  expect(bias!.shape).toEqual([2, 1, 1, 2]);
  expect(Array.from(bias!.data as Float32Array, (x) => x + 0)).toEqual([0, 0, 0, Math.fround(-1e30)]);
});

it('local attention hides what is farther than the window to either side', async () => {
  const graph = graphOf([inputs.attention_mask], { bias: localAttentionBias(inputs.attention_mask, 1) });
  const { bias } = await runGraph(graph, {
    attention_mask: { dtype: 'float32', shape: [2, 4], data: new Float32Array(8).fill(1) },
  });
  expect(bias!.shape).toEqual([1, 1, 4, 4]);
  expect(Array.from(bias!.data as Float32Array, (x) => (x === 0 ? 1 : 0))).toEqual(
    [0, 1, 2, 3].flatMap((row) => [0, 1, 2, 3].map((column) => (Math.abs(row - column) <= 1 ? 1 : 0))),
  );
});

it('ALiBi is minus slope times distance, in both directions', async () => {
  const { attention_mask } = inputs;
  const alibi = await runGraph(graphOf([attention_mask], { bias: alibiBias(attention_mask, 3) }), {
    attention_mask: { dtype: 'float32', shape: [1, 4], data: new Float32Array(4) },
  });
  expect(alibi.bias!.shape).toEqual([1, 3, 4, 4]);
  const expected = alibiSlopes(3).flatMap((slope) =>
    [0, 1, 2, 3].flatMap((i) => [0, 1, 2, 3].map((j) => -slope * Math.abs(i - j))),
  );
  for (const [i, value] of expected.entries()) expect(alibi.bias!.data[i]).toBeCloseTo(value, 6);
});

it('ALiBi’s slopes for 8 and 12 heads are those of its authors', () => {
  const eight = [1, 2, 3, 4, 5, 6, 7, 8].map((i) => 2 ** -i);
  expect(alibiSlopes(8)).toEqual(eight);
  const twelve = [...eight, ...[0.5, 1.5, 2.5, 3.5].map((i) => 2 ** -i)];
  for (const [i, slope] of alibiSlopes(12).entries()) expect(slope).toBeCloseTo(twelve[i]!, 12);
  expect(alibiSlopes(1)).toEqual([2 ** -8]);
});

it('a bias may be a function of queries and keys, and the scale given', () => {
  const seen: Value['shape'][] = [];
  const bias = (q: Value, k: Value) => {
    seen.push(q.shape, k.shape);
    return attentionBias(inputs.attention_mask);
  };
  const y = attention({ query, key, value, bias, scale: 0.5 }, inputs, HEADS, (weights) => weights);
  expect(y.shape).toEqual(['tokens', HIDDEN]);
  expect(seen).toEqual([
    ['batch', HEADS, 'seq', WIDTH],
    ['batch', HEADS, 'seq', WIDTH],
  ]);
});

it('dropout is on the weights, whose shape is [batch, heads, seq, seq]', () => {
  const seen: Value['shape'][] = [];
  attention({ query, key, value, bias: attentionBias(inputs.attention_mask) }, inputs, HEADS, (weights) => {
    seen.push(weights.shape);
    return weights;
  });
  expect(seen).toEqual([['batch', HEADS, 'seq', 'seq']]);
});
