import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type RopeScaling, ropeAngles, ropeScaling } from './rope-scaling.js';

interface Case {
  readonly name: string;
  readonly rope: RopeScaling & { readonly rope_theta: number };
  readonly frequencies: readonly number[];
  readonly scale: number;
}
/** Of scripts/golden/rope-scaling.py. */
const golden: {
  readonly width: number;
  readonly max_position_embeddings: number;
  readonly cases: readonly Case[];
} = JSON.parse(readFileSync(new URL('fixtures/rope-scaling.json', import.meta.url), 'utf8'));

test.each(golden.cases)('$name: the angles of transformers', ({ rope, frequencies, scale }) => {
  expect(ropeScaling.accepts(rope)).toBe(true);
  const ours = ropeAngles(golden.width, rope.rope_theta, rope, golden.max_position_embeddings);
  expect(ours.frequencies).toHaveLength(golden.width / 2);
  for (const [i, theirs] of frequencies.entries())
    expect(Math.abs(ours.frequencies[i]! / theirs - 1), `pair ${i}`).toBeLessThan(3e-7);
  expect(ours.scale).toBeCloseTo(scale, 12);
});

test('the older key of the type, and the length of the model where none is stated', () => {
  const yarn = { factor: 4, original_max_position_embeddings: 64 };
  const newer = ropeAngles(16, 1e4, { rope_type: 'yarn', ...yarn }, 1000);
  expect(ropeAngles(16, 1e4, { type: 'yarn', ...yarn }, 1000)).toEqual(newer);
  expect(ropeAngles(16, 1e4, { type: 'yarn', factor: 4 }, 64)).toEqual(newer);
  expect(ropeAngles(16, 1e4, { type: 'yarn', factor: 4 }, 1000)).not.toEqual(newer);
  expect(ropeAngles(16, 1e4, {}, 64)).toEqual(ropeAngles(16, 1e4, { rope_type: 'default' }, 64));
});

test.each<unknown>([
  null,
  'linear',
  { rope_type: 'dynamic', factor: 2 },
  { type: 'longrope', short_factor: [1], long_factor: [1] },
  { rope_type: 'linear' },
  { rope_type: 'linear', factor: 0 },
  { rope_type: 'llama3', factor: 8, low_freq_factor: 1 },
  { rope_type: 'yarn', factor: 4, beta_fast: '32' },
  { rope_type: 'yarn', factor: 4, truncate: 1 },
  { rope_type: 'default', rope_theta: -1 },
  { rope_type: 'default', partial_rotary_factor: 0.5 },
  { full_attention: { rope_theta: 1e6 }, sliding_attention: { rope_theta: 1e4 } },
])('%j is no scaling that can be computed', (value) => {
  expect(ropeScaling.accepts(value)).toBe(false);
  expect(ropeScaling.expected).toMatch(/^"rope_type" one of default, linear, llama3, yarn with positive/);
});
