import { gradients, graphOf, input, mul, reduceSum } from '@rag/onnx';
import { floats, runGraph } from '@rag/onnx/testing';
import { expect, it, test } from 'vitest';
import { noDropout, trainingDropout } from '../dropout.js';
import { linear } from '../layers.js';
import { parametersOf } from '../model-with-weights.js';
import { parameterRoot } from '../parameters.js';
import type { LoraConfig } from './lora-config.js';
import { loraLayers } from './lora-layers.js';

const drawn = (shape: readonly number[], seed: number) => ({
  dtype: 'float32' as const,
  shape,
  data: Float32Array.from(floats(shape, seed).data as Float64Array),
});
const x = input('x', 'float32', ['tokens', 4]);
const config: LoraConfig = {
  r: 2,
  lora_alpha: 6,
  target_modules: ['query', 'output.dense'],
  rank_pattern: { dense: 3 },
};

const build = (lora?: ReturnType<typeof loraLayers>) => {
  const root = parameterRoot(lora ? { lora } : {});
  const q = linear(root, 'layer.0.query', x, 5);
  return linear(root, 'layer.0.output.dense', linear(root, 'layer.0.key', q, 4), 3, false);
};

test('names, shapes and ranks are PEFT’s', () => {
  const lora = loraLayers(config);
  const { parameters } = graphOf([x], { y: build(lora) });
  const named = Object.fromEntries(
    parametersOf({ parameters } as never).map(({ name, shape }) => [name, shape]),
  );
  expect(named).toEqual({
    'layer.0.query.weight': [5, 4],
    'layer.0.query.bias': [5],
    'layer.0.query.lora_A.weight': [2, 4],
    'layer.0.query.lora_B.weight': [5, 2],
    'layer.0.key.weight': [4, 5],
    'layer.0.key.bias': [4],
    'layer.0.output.dense.weight': [3, 4],
    'layer.0.output.dense.lora_A.weight': [3, 4],
    'layer.0.output.dense.lora_B.weight': [3, 3],
  });
  expect(lora.layers).toEqual([
    { name: 'layer.0.query', in: 4, out: 5, rank: 2 },
    { name: 'layer.0.key', in: 5, out: 4 },
    { name: 'layer.0.output.dense', in: 4, out: 3, rank: 3 },
  ]);
});

it('adds (alpha/r)·B·A to the weight', async () => {
  const feeds = Object.fromEntries(
    parametersOf(graphOf([x], { y: build(loraLayers(config)) })).map(({ name, shape }, i) => [
      name,
      drawn(shape, i + 1),
    ]),
  );
  const merged: typeof feeds = { ...feeds };
  for (const [module, rank] of [
    ['layer.0.query', 2],
    ['layer.0.output.dense', 3],
  ] as const) {
    const [a, b] = [feeds[`${module}.lora_A.weight`]!, feeds[`${module}.lora_B.weight`]!];
    const weight = feeds[`${module}.weight`]!;
    const width = weight.shape[1]!;
    merged[`${module}.weight`] = {
      ...weight,
      data: weight.data.map((w, i) => {
        const [row, column] = [Math.floor(i / width), i % width];
        let sum = 0;
        for (let k = 0; k < rank; k++) sum += b.data[row * rank + k]! * a.data[k * width + column]!;
        return w + (6 / rank) * sum;
      }),
    };
  }
  const given = { x: drawn([3, 4], 50) };
  const run = async (lora: boolean, weights: typeof feeds) => {
    const y = build(lora ? loraLayers(config) : undefined);
    const [dx] = gradients(reduceSum(mul(y, y)), [x]);
    return runGraph(graphOf([x], { y, dx: dx! }), { ...given, ...weights });
  };
  const [ours, plain] = [await run(true, feeds), await run(false, merged)];
  for (const name of ['y', 'dx'] as const)
    for (const [i, value] of (ours[name]!.data as Float32Array).entries())
      expect(value).toBeCloseTo(plain[name]!.data[i] as number, 4);
});

test('each adapter is a dropout site of its own, over tokens or over sequences', () => {
  const dropout = trainingDropout();
  const first_token = input('first_token', 'int64', ['batch']);
  build(loraLayers({ ...config, lora_dropout: 0.1 }, { dropout }));
  expect(dropout.inputs.map((value) => value.source)).toMatchObject([
    { name: 'dropout.0.rows' },
    { name: 'dropout.0.columns' },
    { name: 'dropout.1.rows' },
    { name: 'dropout.1.columns' },
  ]);
  const pooled = input('pooled', 'float32', ['batch', 4]);
  const withDropout = (options: object) =>
    linear(
      parameterRoot({ lora: loraLayers({ r: 1, target_modules: 'all-linear', lora_dropout: 0.5 }, options) }),
      'pooler',
      pooled,
      4,
    );
  expect(() => withDropout({ dropout })).toThrow(
    'pooler: expected [tokens, features] for lora_dropout, got [batch, 4] — pass first_token',
  );
  expect(withDropout({ dropout, first_token }).shape).toEqual(['batch', 4]);
  expect(withDropout({ dropout: noDropout }).shape).toEqual(['batch', 4]);
});

test('a rank beyond both sides of the layer is refused', () => {
  expect(() => build(loraLayers({ r: 6, target_modules: ['query'] }))).toThrow(
    'r: expected a rank of at most 5 for layer.0.query [5, 4], got 6',
  );
});
