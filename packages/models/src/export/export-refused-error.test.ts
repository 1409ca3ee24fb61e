import { expect, test } from 'vitest';
import { checkLoss, describeLoss, ExportRefusedError } from './export-refused-error.js';

const loss = { count: 30, max: 1.25, mean: 0.00001, spearman: 0.98 };
const limit = { option: 'leastSpearman', measure: 'a rank correlation', measured: 0.98, least: 0.99 };

test('the error tells what was lost, the limit and the way out', () => {
  const error = new ExportRefusedError('q4', limit, loss);
  expect(error.message).toBe(
    'q4: expected a rank correlation of at least 0.99, got 0.9800 on 30 inputs (max 1.2500, mean 0.000010, spearman 0.9800) — take a wider dtype, or accept the loss by leastSpearman',
  );
  expect(error.limit).toBe(limit);
  expect(describeLoss(loss)).toBe('max 1.2500, mean 0.000010, spearman 0.9800');
});

test('limits are reached or missed; what is no number misses', () => {
  checkLoss('q8', loss, [{ ...limit, measured: 0.99 }]);
  for (const measured of [0.98, Number.NaN])
    expect(() => checkLoss('q8', loss, [{ ...limit, measured }])).toThrow(ExportRefusedError);
});
