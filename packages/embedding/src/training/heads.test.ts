import { describe, expect, test } from 'vitest';
import type { EmbeddingHead } from '../embedding-head.js';
import { distillHead, mrlHead } from './heads.js';

const config = { hidden_size: 16 };
const bare: EmbeddingHead = { pooling: ['mean', 'max'], dense: [], normalize: true };
const dense = (name: string, width: number, out: number) =>
  ({ name, in: width, out, bias: true, activation: 'identity' }) as const;
const projected: EmbeddingHead = {
  pooling: ['cls'],
  dense: [{ ...dense('2_Dense', 16, 8), activation: 'tanh' }],
  normalize: true,
};

describe('mrlHead', () => {
  test('ends with a Dense of the largest dimension, not normalised', () => {
    expect(mrlHead(config, bare, [4, 24, 8])).toEqual({
      pooling: ['mean', 'max'],
      dense: [dense('2_Dense', 32, 24)],
      normalize: false,
    });
  });

  test('keeps a Dense that is there', () => {
    expect(mrlHead(config, projected, [8, 4])).toEqual({ ...projected, normalize: false });
    expect(() => mrlHead(config, projected, [4, 16, 12])).toThrow(
      'mrl_dims: expected at most 8 (the out_features of 2_Dense), got 16, 12 — leave out',
    );
  });

  test('refuses what are no widths', () => {
    for (const dims of [[], [0], [2.5], [Number.NaN]])
      expect(() => mrlHead(config, bare, dims)).toThrow('mrl_dims: expected whole numbers ≥ 1');
  });
});

describe('distillHead', () => {
  test('always appends a Dense of the width of the teacher, under a name of its own', () => {
    expect(distillHead(config, bare, 20).dense).toEqual([dense('2_Dense', 32, 20)]);
    expect(distillHead(config, projected, 20)).toEqual({
      ...projected,
      dense: [...projected.dense, dense('3_Dense', 8, 20)],
      normalize: false,
    });
    const named = { ...projected, dense: [dense('3_Dense', 16, 8)] };
    expect(distillHead(config, named, 20).dense.at(-1)!.name).toBe('4_Dense');
  });

  test('refuses what is no width', () => {
    expect(() => distillHead(config, bare, 0)).toThrow('teacher width: expected a whole number ≥ 1, got 0');
  });
});
