import { once } from 'node:events';
import { expect, it } from 'vitest';
import { startWorker } from './start-worker.js';

it('starts a thread that tells whether it opened its tokenizer', async () => {
  const worker = startWorker({});
  const [answer] = (await once(worker, 'message')) as unknown[];
  expect(answer).toMatchObject({ id: 0, fields: { where: 'tokenizer' } });
  await worker.terminate();
}, 120_000);
