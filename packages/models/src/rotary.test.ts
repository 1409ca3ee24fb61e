import { input } from '@rag/onnx';
import { describe, expect, it } from 'vitest';
import { ropeParameters, rotaryFrequencies, rotate, rotation } from './rotary.js';

describe('frequencies', () => {
  it('are theta^(−2i/width)', () => {
    expect(rotaryFrequencies(4, { rope_theta: 10_000 })).toEqual([1, Math.fround(0.01)]);
    const many = rotaryFrequencies(64, { rope_theta: 160_000 });
    expect(many).toHaveLength(32);
    for (const [i, frequency] of many.entries()) expect(frequency / 160_000 ** (-i / 32)).toBeCloseTo(1, 6);
  });

  it('are float32 numbers, divided by a linear factor', () => {
    const linear = rotaryFrequencies(8, { rope_type: 'linear', rope_theta: 500, factor: 4 });
    const plain = rotaryFrequencies(8, { rope_theta: 500 });
    expect(linear).toEqual(plain.map((frequency) => frequency / 4));
    expect(plain.map(Math.fround)).toEqual(plain);
  });
});

it('turns rows without changing their shape, with angles per token', () => {
  const turn = rotation(input('position_ids', 'int64', ['tokens']), [1, 0.1]);
  expect([turn.cos.shape, turn.sin.shape]).toEqual([
    ['tokens', 1, 2],
    ['tokens', 1, 2],
  ]);
  expect(rotate(input('x', 'float32', ['tokens', 12]), 3, turn).shape).toEqual(['tokens', 12]);
});

it.each([
  [{ rope_theta: 1e4 }, true],
  [{ rope_type: 'default', rope_theta: 1e4 }, true],
  [{ rope_type: 'linear', rope_theta: 1e4, factor: 2 }, true],
  [{ rope_type: 'linear', rope_theta: 1e4 }, false],
  [{ rope_type: 'yarn', rope_theta: 1e4, factor: 2 }, false],
  [{ rope_theta: 0 }, false],
  [{ rope_theta: '10000' }, false],
  [null, false],
])('%j as rope_parameters: %s', (value, accepted) => {
  expect(ropeParameters.accepts(value)).toBe(accepted);
});
