import { expect, test } from 'vitest';
import { type EstimateOptions, estimateRun } from './run-estimate.js';

const options: EstimateOptions = {
  ...{ examples: 100, batchSize: 8, epochs: 3, gradientAccumulationSteps: 4, warmupProportion: 0.1 },
  ...{ saveOnEpochEnd: true, numMaxCheckpoints: 2, exportOnnx: false, trainsAll: true, parameters: 1000 },
};

test('updates: a short last batch and a short last update count', () => {
  expect(estimateRun(options)).toEqual({
    ...{ examples: 100, batchesPerEpoch: 13, updatesPerEpoch: 4, updates: 12, warmup: 1 },
    // Two checkpoints and one that is being written, each with two moments, and the final model.
    ...{ modelBytes: 4000, diskBytes: 40_000, stateBytes: 16_000 },
  });
  expect(estimateRun({ ...options, examples: 0 })).toMatchObject({
    batchesPerEpoch: 0,
    updates: 0,
    warmup: 0,
  });
});

test('processes take batches together', () => {
  expect(estimateRun({ ...options, processes: 4 })).toMatchObject({ batchesPerEpoch: 4, updates: 3 });
});

test('warm-up in updates beats the share', () => {
  expect(estimateRun({ ...options, warmupSteps: 7 }).warmup).toBe(7);
});

test('models on disk', () => {
  expect(estimateRun({ ...options, exportOnnx: true }).diskBytes).toBe(44_000);
  expect(estimateRun({ ...options, saveOnEpochEnd: false }).diskBytes).toBe(8000);
  expect(estimateRun({ ...options, saveOnEpochEnd: false, saveSteps: 12 }).diskBytes).toBe(28_000);
  expect(estimateRun({ ...options, saveOnEpochEnd: false, evalSteps: 5 }).diskBytes).toBe(40_000);
  expect(estimateRun({ ...options, trainsAll: false })).not.toHaveProperty('diskBytes');
  const { parameters: _, ...unknown } = options;
  expect(estimateRun(unknown)).not.toHaveProperty('stateBytes');
});
