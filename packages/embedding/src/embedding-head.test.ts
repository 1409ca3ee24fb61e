import { expect, it } from 'vitest';
import { type DenseSpec, embeddingDimension } from './embedding-head.js';

const config = { hidden_size: 16 };
const dense = (name: string, width: number, out: number): DenseSpec => ({
  name,
  in: width,
  out,
  bias: true,
  activation: 'tanh',
});

it('is the last width: of the modes side by side, or of the last Dense', () => {
  expect(embeddingDimension(config, { pooling: ['cls'], dense: [], normalize: false })).toBe(16);
  expect(embeddingDimension(config, { pooling: ['max', 'mean'], dense: [], normalize: true })).toBe(32);
  expect(
    embeddingDimension(config, {
      pooling: ['max', 'mean'],
      dense: [dense('2_Dense', 32, 8), dense('3_Dense', 8, 64)],
      normalize: false,
    }),
  ).toBe(64);
});

it.each([
  [[], [], 'head: expected at least one pooling mode'],
  [['max', 'mean'], [dense('2_Dense', 16, 8)], '2_Dense: expected in_features 32'],
  [['mean'], [dense('2_Dense', 16, 8), dense('3_Dense', 9, 8)], '3_Dense: expected in_features 8'],
  [['mean'], [dense('2_Dense', 16, 16), dense('2_Dense', 16, 8)], 'got "2_Dense"'],
  [['mean'], [dense('../x', 16, 16)], 'got "../x"'],
  [['mean'], [dense('', 16, 16)], 'got ""'],
] as const)('%j with %j is an error', (pooling, dense, message) => {
  expect(() => embeddingDimension(config, { pooling, dense, normalize: false })).toThrow(message);
});
