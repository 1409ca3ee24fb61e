import { expect, test } from 'vitest';
import type { MeasuredRun } from './measure-run.js';
import { countEvaluations, evaluationTokens, runTime } from './run-time.js';

const measured = (updates: Partial<MeasuredRun['updates']> = {}, more: Partial<MeasuredRun> = {}) =>
  ({
    ...{ batchesPerEpoch: 10, openSeconds: 2 },
    batches: { batches: 10, largest: { place: 0, tokens: 300 }, tokensPerEpoch: 1000 },
    updates: {
      ...{ updates: 4, isFirst: false, updateSeconds: 0.5 },
      secondsPerToken: { mean: 0.01, error: 0 },
      ...updates,
    },
    ...more,
  }) as MeasuredRun;
const config = {
  ...{ epochs: 3, gradientAccumulationSteps: 2, saveOnEpochEnd: true, evalSteps: undefined },
  ...{ metricForBestModel: undefined, loadBestModelAtEnd: false, earlyStoppingPatience: undefined },
  valDataset: undefined,
};
const close = (range: { least: number; most: number } | undefined, least: number, most: number) => {
  expect(range?.least).toBeCloseTo(least, 9);
  expect(range?.most).toBeCloseTo(most, 9);
};

test('tokens of all epochs at the pace of forward and backward, and each update', () => {
  // 3 × 1,000 tokens × 0.01 s + 15 updates × 0.5 s.
  const { training, total, evaluation } = runTime(measured(), config, 0);
  close(training, 0.9 * 37.5, 1.1 * 37.5);
  close(total, 2 + 0.9 * 37.5, 2 + 1.1 * 37.5);
  expect(evaluation).toBeUndefined();
});

test('processes share batches, and so updates and evaluations', () => {
  const held = { ...config, valDataset: ['val.jsonl'] };
  const { training, evaluation } = runTime(measured({}, { evaluationSecondsPerToken: 0.001 }), held, 500, 5);
  // 600 tokens × 0.01 s + 3 updates × 0.5 s; 4 evaluations of 100 tokens.
  close(training, 0.9 * 7.5, 1.1 * 7.5);
  close(evaluation, 0.7 * 0.4, 1.5 * 0.4);
});

test('the range is as wide as the pace was uneven', () => {
  const uneven = { secondsPerToken: { mean: 0.01, error: 0.0025 } };
  close(runTime(measured(uneven), config, 0).training, 0.5 * 37.5, 1.5 * 37.5);
  close(runTime(measured({ secondsPerToken: { mean: 0.01 } }), config, 0).training, 0.7 * 37.5, 1.3 * 37.5);
  const first = { secondsPerToken: { mean: 0.01 }, isFirst: true };
  close(runTime(measured(first), config, 0).training, 0.4 * 37.5, 1.1 * 37.5);
  const wild = { secondsPerToken: { mean: 0.01, error: 0.02 } };
  expect(runTime(measured(wild), config, 0).training.least).toBe(0);
});

test('evaluations: before, after, at ends of epochs, by updates', () => {
  const held = { ...config, valDataset: ['val.jsonl'] };
  expect(countEvaluations(config, 15)).toBe(0);
  expect(countEvaluations(held, 15)).toBe(4);
  expect(countEvaluations({ ...held, loadBestModelAtEnd: true }, 15)).toBe(5);
  expect(countEvaluations({ ...held, saveOnEpochEnd: false, evalSteps: 4 }, 15)).toBe(5);
  const { evaluation, training, total } = runTime(
    measured({}, { evaluationSecondsPerToken: 0.001 }),
    held,
    500,
  );
  close(evaluation, 0.7 * 2, 1.5 * 2);
  close(total, 2 + training.least + 1.4, 2 + training.most + 3);
});

test('tokens of held-out rows: of pairs, and of queries and passages by themselves, as far as they are read', () => {
  const characters = { query: { mean: 20 }, passage: { mean: 400 } } as never;
  const survey = { rows: 10, passages: 80, characters };
  const tokens = { charactersPerToken: 2 };
  expect(evaluationTokens(survey, tokens, { pair: 512 })).toBe(80 * 213);
  expect(evaluationTokens(survey, tokens, { pair: 128 })).toBe(80 * 128);
  expect(evaluationTokens(survey, tokens, { query: 64, passage: 128 })).toBe(10 * 12 + 80 * 128);
});
