import { type Collective, single } from '@rag/runtime';
import { describe, expect, test } from 'vitest';
import { InterruptedError } from './interrupt.js';
import { inLaunchedJob } from './launched-job.js';

const environment = { OMPI_COMM_WORLD_RANK: '1', OMPI_COMM_WORLD_SIZE: '2' };

function job() {
  const log: string[] = [];
  const collective: Collective = {
    ...single(),
    ...{ rank: 1, size: 2 },
    abort(reason) {
      log.push(`abort: ${reason}`);
      throw new Error('the job ended');
    },
    close: async () => void log.push('close'),
  };
  return { log, how: { environment, join: async () => collective } };
}

test('without a launcher there is one process', async () => {
  const join = () => Promise.reject(new Error('expected nothing to be joined'));
  expect(await inLaunchedJob(async (collective) => collective, { environment: {}, join })).toBeUndefined();
});

describe('under a launcher', () => {
  const listeners = () =>
    process.listenerCount('uncaughtException') + process.listenerCount('unhandledRejection');

  test('a run has the collective, which is closed behind it', async () => {
    const { log, how } = job();
    const before = listeners();
    const rank = await inLaunchedJob(async (collective) => {
      expect(listeners()).toBe(before + 2);
      return collective!.rank;
    }, how);
    expect([rank, log, listeners()]).toEqual([1, ['close'], before]);
  });

  test('an error ends the job with a message that names the process', async () => {
    const { log, how } = job();
    const run = inLaunchedJob(() => Promise.reject(new RangeError('lr: expected more than 0, got 0')), how);
    await expect(run).rejects.toThrow('the job ended');
    expect(log).toEqual([
      expect.stringMatching(/^abort: rag: process 1 of 2: lr: expected more than 0, got 0/),
    ]);
  });

  test('an interruption is one of all processes: the job is left in order', async () => {
    const { log, how } = job();
    const stopped = new InterruptedError('interrupted', 'SIGTERM');
    await expect(inLaunchedJob(() => Promise.reject(stopped), how)).rejects.toBe(stopped);
    expect(log).toEqual(['close']);
  });
});
