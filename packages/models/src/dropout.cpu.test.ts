import { gradients, graphOf, input, mul, nameOf, reduceSum, tanh, type Value } from '@rag/onnx';
import { floats, type HostTensor, runGraph } from '@rag/onnx/testing';
import { describe, expect, it } from 'vitest';
import { architectures } from './arch/index.js';
import { parseEncoderConfig } from './config.js';
import { type Dropout, keptShare, noDropout, trainingDropout } from './dropout.js';
import { dropoutFeeds } from './dropout-feeds.js';
import { encoderInputTypes } from './encoder-inputs.js';
import { initializeParameter } from './initialize.js';
import { parameterRoot } from './parameters.js';
import { type PackedPlaces, packedBatch } from './testing/packed-batch.js';

const lengths = [5, 9, 3];
const rows = [10, 4, 77];
const batch = packedBatch(lengths);
const FEATURES = 6;
const HEADS = 2;
const PROBABILITY = 0.3;
const scale = Math.fround(1 / keptShare(PROBABILITY));

const feedsOf = (dropout: Dropout, update = 2, places: PackedPlaces = batch, rowsOfBatch = rows) =>
  dropoutFeeds(
    dropout.inputs.map((value) => ({ name: nameOf(value), shape: value.shape })),
    { seed: 1, update, rows: rowsOfBatch, ...places },
  );
const float32 = ({ shape, data }: HostTensor): HostTensor => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from(data as Float64Array),
});

/** The kinds of places: what goes in, the call, and the uniform number of each element by the feeds. */
const kinds = {
  tokens: {
    shape: ['tokens', FEATURES],
    sizes: [batch.tokens, FEATURES],
    drop: (dropout: Dropout, x: Value, p: number) => dropout.tokens(x, p),
    uniform: (u: Float32Array, v: Float32Array, i: number) => u[Math.floor(i / FEATURES)]! * v[i % FEATURES]!,
  },
  sequences: {
    shape: ['batch', FEATURES],
    sizes: [lengths.length, FEATURES],
    drop: (dropout: Dropout, x: Value, p: number, first: Value) => dropout.sequences(x, p, first),
    uniform: (u: Float32Array, v: Float32Array, i: number) =>
      u[Number(batch.first_token[Math.floor(i / FEATURES)])]! * v[i % FEATURES]!,
  },
  attention: {
    shape: ['batch', HEADS, 'seq', 'seq'],
    sizes: [lengths.length, HEADS, batch.seq, batch.seq],
    drop: (dropout: Dropout, x: Value, p: number) => dropout.attention(x, p),
    uniform: (u: Float32Array, v: Float32Array, i: number) => {
      const [query, key] = [Math.floor(i / batch.seq), i % batch.seq];
      return u[query]! * v[Math.floor(query / batch.seq) * batch.seq + key]!;
    },
  },
} as const;

const first = () => input('first_token', 'int64', ['batch']);
const firstToken: HostTensor = { dtype: 'int64', shape: [lengths.length], data: batch.first_token };

describe.each(Object.entries(kinds))('%s', (_, { shape, sizes, drop, uniform }) => {
  const build = (dtype: 'float32' | 'float64', probability = PROBABILITY) => {
    const dropout = trainingDropout();
    const [x, at] = [input('x', dtype, shape), first()];
    return { dropout, x, at, y: drop(dropout, x, probability, at) };
  };
  const x = floats(sizes, 3);
  const expectedMask = ({ dropout }: ReturnType<typeof build>, probability = PROBABILITY) => {
    const feeds = feedsOf(dropout);
    const [u, v] = [feeds['dropout.0.rows']!.data, feeds['dropout.0.columns']!.data];
    return Array.from(x.data as Float64Array, (_, i) => uniform(u, v, i) % 1 >= probability);
  };

  it('keeps what the hash says, scaled, and nothing else', async () => {
    const built = build('float32');
    const { dropout, at, y } = built;
    const graph = graphOf([built.x, at, ...dropout.inputs], { y });
    const given = float32(x);
    const result = await runGraph(graph, { x: given, first_token: firstToken, ...feedsOf(dropout) });
    const mask = expectedMask(built);
    expect(mask).toContain(true);
    expect(mask).toContain(false);
    expect(Array.from(result.y!.data as Float32Array)).toEqual(
      Array.from(given.data as Float32Array, (value, i) => (mask[i] ? Math.fround(value * scale) : 0)),
    );
  });

  it('has the gradient of what it keeps: a central difference under the same mask', async () => {
    const built = build('float64');
    const { dropout, at, y } = built;
    const weight = input('weight', 'float64', shape);
    const loss = reduceSum(mul(tanh(y), weight));
    const [slope] = gradients(loss, [built.x]);
    const graph = graphOf([built.x, at, weight, ...dropout.inputs], { loss, slope: slope! });
    const feeds = { weight: floats(sizes, 4), first_token: firstToken, ...feedsOf(dropout) };
    const at0 = await runGraph(graph, { ...feeds, x });
    const gradient = at0.slope!.data as Float64Array;
    for (const [i, kept] of expectedMask(built).entries()) expect(gradient[i] !== 0).toBe(kept);
    const direction = floats(sizes, 5).data as Float64Array;
    const step = 1e-5;
    const moved = async (sign: number) => {
      const data = Float64Array.from(
        x.data as Float64Array,
        (value, i) => value + sign * step * direction[i]!,
      );
      const { loss } = await runGraph(graph, { ...feeds, x: { ...x, data } });
      return (loss!.data as Float64Array)[0]!;
    };
    const difference = ((await moved(1)) - (await moved(-1))) / (2 * step);
    const slopeAlong = gradient.reduce((sum, g, i) => sum + g * direction[i]!, 0);
    expect(Math.abs(slopeAlong)).toBeGreaterThan(0.01);
    expect(Math.abs(slopeAlong - difference)).toBeLessThan(1e-7 * Math.max(1, Math.abs(slopeAlong)));
  });

  it('with probability 0 is no site', () => {
    const { dropout, x, y } = build('float32', 0);
    expect(y).toBe(x);
    expect(dropout.inputs).toEqual([]);
  });

  it.each([-0.1, 1, 0.9999, Number.NaN])('a probability of %d is an error', (probability) => {
    expect(() => build('float32', probability)).toThrow('dropout: expected a probability in [0, 4095/4096]');
  });
});

describe('the mean', () => {
  it.each([0.1, 0.5, 0.9])('stays what it was with probability %d, over updates', async (probability) => {
    const dropout = trainingDropout();
    const x = input('x', 'float32', ['tokens', FEATURES]);
    const y = dropout.tokens(x, probability);
    const graph = graphOf([x, ...dropout.inputs], { y });
    const wide = packedBatch([200, 150]);
    const ones = new Float32Array(wide.tokens * FEATURES).fill(1);
    let [sum, count] = [0, 0];
    for (let update = 0; update < 10; update++) {
      const { y } = await runGraph(graph, {
        x: { dtype: 'float32', shape: [wide.tokens, FEATURES], data: ones },
        ...feedsOf(dropout, update, wide, [0, 1]),
      });
      for (const value of (y!.data as Float32Array).subarray(0, wide.cells.length * FEATURES)) {
        sum += value;
        count++;
      }
    }
    const deviation = Math.sqrt((1 / keptShare(probability) - 1) / count);
    expect(Math.abs(sum / count - 1) / deviation).toBeLessThan(5);
  });

  it('keptShare is the share of odd numbers below 4096 that reach the probability', () => {
    for (const probability of [0, 1 / 4096, 2 / 4096, 0.1, 0.3, 0.5, 0.9, 4095 / 4096]) {
      let kept = 0;
      for (let k = 1; k < 4096; k += 2) if (k / 4096 >= Math.fround(probability)) kept++;
      expect(keptShare(probability)).toBe(kept / 2048);
    }
  });
});

it('sites are numbered by their calls and have inputs of their own', () => {
  const dropout = trainingDropout();
  const x = input('x', 'float32', ['tokens', FEATURES]);
  dropout.tokens(dropout.tokens(x, 0.1), 0.2);
  expect(dropout.inputs.map(nameOf)).toEqual([
    'dropout.0.rows',
    'dropout.0.columns',
    'dropout.1.rows',
    'dropout.1.columns',
  ]);
});

it('evaluation keeps every value as it is', () => {
  const x = input('x', 'float32', ['tokens', FEATURES]);
  expect([
    noDropout.tokens(x, 0.5),
    noDropout.sequences(x, 0.5, first()),
    noDropout.attention(x, 0.5),
    noDropout.table(x, 0.5),
  ]).toEqual([x, x, x, x]);
  expect(noDropout.inputs).toEqual([]);
});

describe('a BERT in training', () => {
  const config = parseEncoderConfig({
    model_type: 'bert',
    vocab_size: 30,
    hidden_size: 8,
    num_hidden_layers: 2,
    num_attention_heads: HEADS,
    intermediate_size: 16,
    hidden_act: 'gelu',
    hidden_dropout_prob: 0.3,
    attention_probs_dropout_prob: 0.2,
    max_position_embeddings: 32,
    type_vocab_size: 2,
    initializer_range: 0.3,
    layer_norm_eps: 1e-12,
    pad_token_id: 0,
  });
  const dropout = trainingDropout();
  const values = Object.fromEntries(
    Object.entries(encoderInputTypes).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]),
  ) as { [Name in keyof typeof encoderInputTypes]: Value };
  const logits = architectures.bert.sequenceClassification(parameterRoot(), config, values, 1, dropout);
  const graph = graphOf([...Object.values(values), ...dropout.inputs], { logits });

  /** Logits of sequences whose ids are a function of their row in the data. */
  async function run(which: readonly number[], mode: 'packed' | 'padded', update = 0) {
    const places = packedBatch(
      which.map((i) => lengths[i]!),
      { mode },
    );
    const own = which.map((i) => rows[i]!);
    const ids = [
      ...places.cells.map(({ sequence, t, real }) => (real ? 1 + ((own[sequence]! * 5 + t * 3) % 29) : 0)),
      0,
    ];
    const int64 = (shape: number[], data: BigInt64Array): HostTensor => ({ dtype: 'int64', shape, data });
    const { tokens, seq } = places;
    const parameters = graph.parameters.map((value) => {
      const [name, shape] = [nameOf(value), value.shape as readonly number[]];
      return [
        name,
        { dtype: 'float32', shape, data: initializeParameter({ name, shape }, config, 7) },
      ] as const;
    });
    const result = await runGraph(graph, {
      ...Object.fromEntries(parameters),
      input_ids: int64([tokens], BigInt64Array.from(ids, BigInt)),
      token_type_ids: int64([tokens], new BigInt64Array(tokens)),
      position_ids: int64([tokens], places.position_ids),
      block_index: int64([which.length, seq], places.block_index),
      token_index: int64([tokens], places.token_index),
      attention_mask: { dtype: 'float32', shape: [which.length, seq], data: places.attention_mask },
      first_token: int64([which.length], places.first_token),
      ...feedsOf(dropout, update, places, own),
    });
    return Array.from(result.logits!.data as Float32Array);
  }

  it('gives a sequence the same logit alone, packed with others, and padded', async () => {
    const together = await run([0, 1, 2], 'packed');
    const others = [
      ...(await run([0], 'packed')),
      ...(await run([1], 'packed')),
      ...(await run([2], 'padded')),
      ...(await run([0, 1, 2], 'padded')),
    ];
    for (const [i, logit] of others.entries()) expect(Math.abs(logit - together[i % 3]!)).toBeLessThan(1e-5);
    const swapped = await run([2, 0, 1], 'packed');
    for (const [i, at] of [2, 0, 1].entries())
      expect(Math.abs(swapped[i]! - together[at]!)).toBeLessThan(1e-5);
    const later = await run([0, 1, 2], 'packed', 1);
    expect(Math.max(...later.map((logit, i) => Math.abs(logit - together[i]!)))).toBeGreaterThan(1e-3);
  });
});
