import { describe, expect, test } from 'vitest';
import { formatBytes, type RunToJudge, runFindings } from './run-findings.js';

const estimate = { examples: 800, batchesPerEpoch: 100, updatesPerEpoch: 100, updates: 200, warmup: 20 };
const sized = { ...estimate, modelBytes: 1e9, diskBytes: 4e9, stateBytes: 4e9 };
const run: RunToJudge = {
  ...{ estimate, epochs: 2, warmupProportion: 0.1, gradientAccumulationSteps: 1, saveOnEpochEnd: true },
  ...{ hasEvaluation: true, outputDir: 'out', notActive: [], lengths: { max_len: 512 }, longest: 512 },
  sources: new Map(),
};
const codes = (changed: Partial<RunToJudge>) =>
  [...runFindings({ ...run, ...changed })].map(({ severity, code, where }) => `${severity} ${code} ${where}`);

test('a usual run', () => {
  expect(codes({})).toEqual([]);
  expect(codes({ estimate: sized, freeBytes: 4e9, memoryBytes: 4e9 })).toEqual([]);
});

describe('updates', () => {
  test.each([
    [{ warmup: 200 }, 'error long-warm-up warmup_proportion (default)'],
    [{ warmup: 101 }, 'warning long-warm-up warmup_proportion (default)'],
    [{ warmup: 0 }, 'warning no-warm-up warmup_proportion (default)'],
    [{ updates: 19, warmup: 2 }, 'warning few-updates epochs (default)'],
  ])('%j', (changed, expected) => {
    expect(codes({ estimate: { ...estimate, ...changed } })).toEqual([expected]);
  });
  test('warm-up that is not wanted, or given in updates', () => {
    expect(codes({ estimate: { ...estimate, warmup: 0 }, warmupProportion: 0 })).toEqual([]);
    expect(codes({ estimate: { ...estimate, warmup: 0 }, warmupSteps: 0 })).toEqual([]);
    const sources = new Map([['warmup_steps', '--warmup_steps']]);
    expect(codes({ estimate: { ...estimate, warmup: 300 }, warmupSteps: 300, sources })).toEqual([
      'error long-warm-up warmup_steps (--warmup_steps)',
    ]);
  });
  test('accumulation beyond an epoch', () => {
    expect(codes({ gradientAccumulationSteps: 101 })).toEqual([
      'warning long-accumulation gradient_accumulation_steps (default)',
    ]);
    expect(codes({ gradientAccumulationSteps: 100 })).toEqual([]);
  });
  test('none at all: what is wrong with the rows says why', () => {
    expect(codes({ estimate: { ...estimate, updates: 0, batchesPerEpoch: 0, warmup: 0 } })).toEqual([]);
  });
});

test('lengths beyond the model’s positions, where they were asked for', () => {
  const sources = new Map([['max_len', 'run.yaml:2']]);
  expect(codes({ longest: 128, sources })).toEqual(['error long-texts max_len (run.yaml:2)']);
  expect(codes({ longest: 128 })).toEqual([]);
});

test('nothing to judge by, nothing kept', () => {
  expect(codes({ hasEvaluation: false })).toEqual(['warning no-evaluation val_dataset (not given)']);
  expect(codes({ saveOnEpochEnd: false })).toEqual(['warning no-checkpoints save_on_epoch_end (default)']);
});

test('checkpoints behind the end', () => {
  const sources = new Map([['save_steps', '--save_steps']]);
  expect(codes({ saveOnEpochEnd: false, saveSteps: 201, sources })).toEqual([
    'warning no-checkpoints save_steps (--save_steps)',
  ]);
  expect(codes({ saveOnEpochEnd: false, saveSteps: 200, sources })).toEqual([]);
  expect(codes({ saveSteps: 201, sources })).toEqual([]);
});

test('room on disk and in memory', () => {
  expect(codes({ estimate: sized, freeBytes: 3e9 })).toEqual(['warning disk-space output_dir (default)']);
  expect(codes({ estimate: sized, freeBytes: 1e8 })).toEqual(['error disk-space output_dir (default)']);
  expect(codes({ estimate: sized, memoryBytes: 3e9 })).toEqual(['error memory model_name_or_path (default)']);
});

test('settings that are not obeyed', () => {
  const notActive = [{ key: 'bf16', value: true, running: 'fp32', reason: 'no kernels' }];
  expect([...runFindings({ ...run, notActive })]).toMatchObject([
    { severity: 'warning', code: 'not-active', where: 'bf16 (default)' },
  ]);
});

test('bytes', () => {
  expect([1.23e9, 1e8, 99e6, 0].map(formatBytes)).toEqual(['1.2 GB', '0.1 GB', '99.0 MB', '0.0 MB']);
});
