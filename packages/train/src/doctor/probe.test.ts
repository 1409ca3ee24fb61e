import { OutOfMemoryError } from '@rag/runtime';
import { expect, test } from 'vitest';
import { ConfigError } from '../config/config-error.js';
import type { MeasuredRun } from './measure-run.js';
import { formatRange, probeFinding, probeLines, probeOf } from './probe.js';

const measured = {
  ...{ planned: { total: 2e9 }, measured: { training: 1.8e9, process: 2.5e9 } },
  ...{ batchesPerEpoch: 10, openSeconds: 2 },
  batches: { batches: 10, largest: { place: 0, tokens: 300 }, tokensPerEpoch: 1000 },
  updates: { updates: 4, isFirst: false, secondsPerToken: { mean: 0.01, error: 0 }, updateSeconds: 0.5 },
} as unknown as MeasuredRun;
const time = {
  training: { least: 100, most: 130 },
  evaluation: { least: 5, most: 5.2 },
  total: { least: 105, most: 7300 },
};

test('the pace is of whole updates, the memory of the largest batch', () => {
  const probe = probeOf(measured, 2, time);
  // 2 batches of 100 tokens: 2 s, and 0.5 s.
  expect(probe).toMatchObject({ updates: 4, largestBatchTokens: 300, secondsPerUpdate: 2.5 });
  expect(probe.tokensPerSecond).toBeCloseTo(80, 9);
  expect(probe.memory).toEqual({ planned: 2e9, measured: 1.8e9, process: 2.5e9 });
  expect(probeLines(probe, 16e9)).toEqual([
    'memory: 2.0 GB planned for training, 1.8 GB measured at 300 tokens in a batch; the process 2.5 GB of 16.0 GB',
    'pace: 80 tokens per second, 2.5 s per update, of 4 updates on this machine',
    'time: 1m45s to 2h01m, training 1m40s to 2m10s, evaluation 5s',
  ]);
  expect(probeLines(probeOf(measured, 2, time, 4))[2]).toMatch(
    /^time of 4 processes, each as fast: 1m45s to /,
  );
  // An accumulation beyond the epoch's end gathers what there is.
  expect(probeOf(measured, 64, time).secondsPerUpdate).toBeCloseTo(10.5, 9);
});

test('on a device memory is planned alone', () => {
  const { measured: _, ...device } = measured;
  const probe = probeOf(device, 1, time);
  expect(probe.memory).toEqual({ planned: 2e9 });
  expect(probeLines(probe)[0]).toBe('memory: 2.0 GB planned for training, on the device: not measured');
  expect(formatRange({ least: 3, most: 3.2 })).toBe('3s');
});

test('what keeps a run from its first update is an error of its own kind', () => {
  const sources = new Map([['batch_size', '--batch_size']]);
  const planned = new ConfigError('memory', undefined, 'expected 10 MiB, got 20 MiB — train fewer weights');
  expect(probeFinding(planned, sources)).toEqual({
    ...{ severity: 'error', code: 'memory', where: 'memory' },
    ...{ problem: 'expected 10 MiB, got 20 MiB', advice: 'train fewer weights' },
  });
  const full = probeFinding(new OutOfMemoryError('run', 'cpu', 4e9, 'bad_alloc'), sources);
  expect(full).toMatchObject({ code: 'memory', where: 'batch_size (--batch_size)' });
  expect(full.problem).toContain('4000000000 bytes');
  expect(probeFinding(new Error('session: expected cuda, got none'), sources)).toEqual({
    ...{ severity: 'error', code: 'no-first-update', where: 'first update' },
    problem: 'session: expected cuda, got none',
    advice: 'mend what it says; training would end by it',
  });
  expect(() => probeFinding('stop', sources)).toThrow('stop');
});
