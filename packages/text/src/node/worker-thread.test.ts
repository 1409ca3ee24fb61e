import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { openWorkerThread, TokenizerWorkerError } from './worker-thread.js';

const open = (script: string) =>
  openWorkerThread(
    new Worker(`const { parentPort } = require('node:worker_threads'); ${script}`, {
      eval: true,
      stderr: true,
    }),
  );
const opened = 'parentPort.postMessage({ id: 0 });';

it('says that a worker died before it was open', async () => {
  await expect(open('process.exit(3)')).rejects.toThrow(TokenizerWorkerError);
  await expect(open('process.exit(3)')).rejects.toThrow('got the end of its thread, with code 3');
});

it('says that a worker died at its work, also to those who ask later', async () => {
  const thread = await open(`${opened} parentPort.on('message', () => { throw new RangeError('odd'); })`);
  const asked = [thread.encode(['a'], {}), thread.encode(['b'], {})];
  for (const answer of await Promise.allSettled(asked)) {
    expect(answer).toMatchObject({ status: 'rejected', reason: { cause: { message: 'odd' } } });
    expect(String((answer as PromiseRejectedResult).reason)).toContain(
      'tokenizer worker: expected it to run until dispose(), got RangeError: odd',
    );
  }
  await expect(thread.encode(['c'], {})).rejects.toThrow(TokenizerWorkerError);
  await thread.close();
});

it('gives errors of the text to the one who asked', async () => {
  const thread = await open(
    `${opened} parentPort.on('message', ({ id }) => parentPort.postMessage({ id, error: new TypeError('q' + id) }))`,
  );
  await expect(thread.encode(['a'], {})).rejects.toThrow(new TypeError('q1'));
  await expect(thread.encode(['a'], {})).rejects.toThrow(new TypeError('q2'));
  await thread.close();
});
