import { expect, test } from 'vitest';
import { countUpdates, type ScheduleOptions, schedule } from './schedule.js';

const factors = (options: ScheduleOptions): number[] =>
  Array.from({ length: options.total + 1 }, (_, update) => schedule(options)(update));

function expectFactors(options: ScheduleOptions, expected: readonly number[]): void {
  const actual = factors(options);
  expect(actual).toHaveLength(expected.length);
  for (const [i, factor] of expected.entries()) expect(actual[i], `update ${i}`).toBeCloseTo(factor, 12);
}

const root = Math.sqrt(0.5);

test('cosine with warm-up is get_cosine_schedule_with_warmup(2, 10)', () => {
  // 0.5·(1 + cos(π·k/8)), k = 0 … 8, after two steps of warm-up.
  const half = (angle: number) => 0.5 * (1 + Math.cos(angle));
  expectFactors({ decay: 'cosine', total: 10, warmup: 2 }, [
    0,
    0.5,
    1,
    half(Math.PI / 8),
    0.5 + root / 2,
    half((3 * Math.PI) / 8),
    0.5,
    half((5 * Math.PI) / 8),
    0.5 - root / 2,
    half((7 * Math.PI) / 8),
    0,
  ]);
});

test('cosine without warm-up starts at the peak', () => {
  expectFactors({ decay: 'cosine', total: 4, warmup: 0 }, [1, 0.5 + root / 2, 0.5, 0.5 - root / 2, 0]);
});

test('a plateau stands between warm-up and decay, as in get_wsd_schedule', () => {
  expectFactors({ decay: 'cosine', total: 6, warmup: 2, stable: 2 }, [0, 0.5, 1, 1, 1, 0.5, 0]);
});

test('linear and constant', () => {
  expectFactors({ decay: 'linear', total: 6, warmup: 2 }, [0, 0.5, 1, 0.75, 0.5, 0.25, 0]);
  expectFactors({ decay: 'constant', total: 3, warmup: 1 }, [0, 1, 1, 1]);
});

test('runs that are all warm-up or all plateau stay within 0 and 1', () => {
  expectFactors({ decay: 'cosine', total: 2, warmup: 2 }, [0, 0.5, 1]);
  expectFactors({ decay: 'cosine', total: 2, warmup: 0, stable: 2 }, [1, 1, 1]);
  expectFactors({ decay: 'linear', total: 2, warmup: 4 }, [0, 0.25, 0.5]);
});

test('the rate never rises again: the plan counts what happens', () => {
  // The case of the originals' defect: they plan floor(10 · 2 / 3) = 6 of the 8 updates that happen.
  expect(countUpdates(10, 2, 3)).toEqual({ perEpoch: 4, total: 8 });
  const rate = factors({ decay: 'cosine', total: 8, warmup: 0 });
  for (const [i, factor] of rate.slice(1).entries()) expect(factor).toBeLessThan(rate[i]!);
  expect(countUpdates(12, 2, 4)).toEqual({ perEpoch: 3, total: 6 });
  expect(countUpdates(1, 3, 8)).toEqual({ perEpoch: 1, total: 3 });
});
