import { input } from '@rag/onnx';
import { tensor } from '@rag/onnx/testing';
import { describe, expect, test } from 'vitest';
import { m3Batch, m3Inputs, m3Losses, m3Result, m3Scores, worstShare } from './testing/m3-golden.js';
import { unifiedLoss } from './unified-loss.js';

const kinds = ['dense', 'sparse', 'colbert'];
const cases = [undefined, 'kl_div', 'm3_kd_loss'].flatMap((kind) =>
  [false, true].flatMap((taught) =>
    [0.02, 1].map((temperature) => [kind as 'kl_div' | undefined, taught, temperature] as const),
  ),
);

describe.each(cases)('kind %s, self-distilled %s, temperature %d', (kind, taught, temperature) => {
  const name = `unified ${kind ?? 'none'}${taught ? ' self-distilled' : ''} ${temperature === 1 ? '1.0' : temperature}`;
  const golden = m3Losses[name]!;
  const run = (flag: number | undefined, filler: boolean) =>
    m3Result(
      { ...m3Batch({ filler }), ...(flag !== undefined && { self_distill: tensor([flag], 'float32', []) }) },
      (inputs) => unifiedLoss(inputs as never, { temperature, ...(kind && { kind }) }),
      kinds,
    );

  test.each(temperature === 1 ? [true] : [false, true])(
    'is M3’s in PyTorch; filler with NaN %s',
    async (filler) => {
      const got = await run(taught ? 1 : filler ? 0 : undefined, filler);
      expect(got.weight).toBe(3);
      expect(Math.abs(got.loss - golden.loss)).toBeLessThan(3e-6 * golden.loss);
      for (const scores of kinds)
        expect(worstShare(got.gradients[scores]!, golden.gradients[scores]!), scores).toBeLessThan(5e-5);
    },
  );
});

test('inputs are checked', () => {
  const [dense, colbert] = [m3Scores('dense'), m3Scores('colbert')];
  const sparse = input('sparse', 'float32', ['queries', 7]);
  expect(() => unifiedLoss({ ...m3Inputs, dense, colbert, sparse })).toThrow('unifiedLoss: expected sparse');
  const { target, mask } = m3Inputs;
  expect(() =>
    unifiedLoss({ target, mask, dense, colbert, sparse: m3Scores('sparse') }, { kind: 'kl_div' }),
  ).toThrow('expected what a teacher says for kl_div, got none');
});
