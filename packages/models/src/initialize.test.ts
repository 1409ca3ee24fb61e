import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { initializeParameter, initializeParameters } from './initialize.js';

const config = { model_type: 'bert', initializer_range: 0.02, pad_token_id: 0 } as const;
const weight = (name: string, shape: number[], seed = 1) =>
  initializeParameter({ name, shape }, config, seed);

test('moments of 400,000 elements are those of a normal distribution', () => {
  const values = weight('a.weight', [400, 1000]);
  const moment = (power: number) =>
    values.reduce((sum, value) => sum + (value / 0.02) ** power, 0) / values.length;
  // Five standard errors: the variance of the k-th sample moment of n normals is (E x^2k − (E x^k)²) / n.
  const within = (k: number, expected: number, variance: number) =>
    expect(Math.abs(moment(k) - expected)).toBeLessThan(5 * Math.sqrt(variance / values.length));
  within(1, 0, 1);
  within(2, 1, 2);
  within(3, 0, 15);
  within(4, 3, 96);
});

test('it is not truncated, and neighbouring elements do not correlate', () => {
  const values = weight('a.weight', [400, 1000]);
  const beyond = values.reduce((count, value) => count + (Math.abs(value) > 0.06 ? 1 : 0), 0);
  // P(|z| > 3) = 0.0026998.
  expect(Math.abs(beyond - 0.0026998 * values.length)).toBeLessThan(5 * Math.sqrt(0.0026998 * values.length));
  for (const lag of [1, 2, 3, 4, 1000]) {
    let sum = 0;
    for (let i = lag; i < values.length; i++) sum += (values[i]! / 0.02) * (values[i - lag]! / 0.02);
    expect(Math.abs(sum / Math.sqrt(values.length)), `lag ${lag}`).toBeLessThan(5);
  }
});

describe('a number is a function of seed, name and element index', () => {
  const base = weight('a.weight', [5, 7]);

  test('not of the shape, the other parameters, or the order of calls', () => {
    expect(weight('a.weight', [50, 7]).slice(0, 35)).toEqual(base);
    const a = { name: 'a.weight', shape: [5, 7] };
    const b = { name: 'b.weight', shape: [5, 7] };
    const forward = initializeParameters([a, b], config, 1);
    const backward = initializeParameters([b, a], config, 1);
    expect(forward.get('a.weight')).toEqual(base);
    expect(backward.get('a.weight')).toEqual(base);
    expect(backward.get('b.weight')).toEqual(forward.get('b.weight'));
  });

  test('another seed (also above 2^32) or name gives other numbers', () => {
    for (const other of [
      weight('a.weight', [5, 7], 2),
      weight('a.weight', [5, 7], 1 + 2 ** 32),
      weight('b.weight', [5, 7]),
    ]) {
      expect(other.filter((value, i) => value === base[i])).toHaveLength(0);
    }
  });

  test('and stays the same from release to release', () => {
    expect(Array.from(weight('a.weight', [1, 3]), (value) => value.toFixed(6))).toMatchInlineSnapshot(`
      [
        "0.008682",
        "-0.010857",
        "-0.004505",
      ]
    `);
  });
});

test('biases 0, LayerNorm weights 1, padding rows 0', () => {
  const roberta = { ...config, model_type: 'roberta', pad_token_id: 1 } as const;
  const zeroRows = (name: string, of: typeof config | typeof roberta) => {
    const values = initializeParameter({ name, shape: [4, 3] }, of, 1);
    return [0, 1, 2, 3].filter((row) => values.subarray(row * 3, row * 3 + 3).every((value) => value === 0));
  };
  expect(Array.from(weight('x.dense.bias', [3]))).toEqual([0, 0, 0]);
  expect(Array.from(weight('x.LayerNorm.weight', [3]))).toEqual([1, 1, 1]);
  expect(Array.from(weight('x.LayerNorm.bias', [3]))).toEqual([0, 0, 0]);
  expect(zeroRows('bert.embeddings.word_embeddings.weight', config)).toEqual([0]);
  expect(zeroRows('bert.embeddings.position_embeddings.weight', config)).toEqual([]);
  expect(zeroRows('roberta.embeddings.word_embeddings.weight', roberta)).toEqual([1]);
  expect(zeroRows('roberta.embeddings.position_embeddings.weight', roberta)).toEqual([1]);
  expect(zeroRows('roberta.embeddings.token_type_embeddings.weight', roberta)).toEqual([]);
  const noPad = initializeParameter(
    { name: 'bert.embeddings.word_embeddings.weight', shape: [4, 3] },
    { ...config, pad_token_id: null },
    1,
  );
  expect(noPad.filter((value) => value === 0)).toHaveLength(0);
});

test.each(['bert', 'roberta', 'xlm-roberta'])('every parameter of %s has a rule', (name) => {
  const { parameters } = JSON.parse(
    readFileSync(new URL(`./fixtures/${name}/golden.json`, import.meta.url), 'utf8'),
  );
  const specs = Object.entries(parameters as Record<string, number[]>).map(([name, shape]) => ({
    name,
    shape,
  }));
  const values = initializeParameters(specs, config, 3);
  for (const { name, shape } of specs) {
    expect(values.get(name)).toHaveLength(shape.reduce((a, b) => a * b, 1));
    expect(
      values.get(name)!.some((value) => value !== 0),
      name,
    ).toBe(!name.endsWith('bias'));
  }
});

test('an unknown kind of parameter and a bad seed are errors', () => {
  expect(() => weight('x.scale', [3])).toThrow(/x\.scale: expected a bias, a LayerNorm weight or a matrix/);
  expect(() => weight('x.weight', [3])).toThrow(/x\.weight: expected/);
  for (const seed of [-1, 0.5, Number.NaN, 2 ** 53])
    expect(() => weight('x.weight', [1, 1], seed)).toThrow(/seed: expected/);
});

test('a decoder’s norms start at what its family adds nothing to, its padding row at 0', () => {
  const fresh = (model_type: 'qwen2' | 'gemma2', name: string, shape: number[]) =>
    initializeParameter({ name, shape }, { ...config, model_type, pad_token_id: 1 }, 1);
  for (const name of ['norm', 'layers.0.input_layernorm', 'layers.0.self_attn.q_norm']) {
    expect([...fresh('qwen2', `${name}.weight`, [2])]).toEqual([1, 1]);
    expect([...fresh('gemma2', `${name}.weight`, [2])]).toEqual([0, 0]);
  }
  const words = fresh('qwen2', 'model.embed_tokens.weight', [3, 2]);
  expect([...words].map((value) => value === 0)).toEqual([false, false, true, true, false, false]);
});
