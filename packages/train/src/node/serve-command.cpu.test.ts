import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runRag } from '../testing/run-rag.js';
import { writeTinyReranker } from '../testing/tiny-retrievers.js';
import { writeTinyRun } from '../testing/tiny-run.js';
import { runCommandLine } from './command-line.js';

let folder: string;
let reranker: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-serve-command-'));
  const { model } = await writeTinyRun(folder);
  reranker = await writeTinyReranker(model, join(folder, 'reranker'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(['SIGTERM', 'SIGINT'] as const)('rag serve answers until %s and ends with 0', async (signal) => {
  process.env.RAG_TEST_SERVE_KEY = 'open-sesame';
  const before = process.listenerCount(signal);
  const stdout = new PassThrough().setEncoding('utf8');
  const printed: string[] = [];
  const line = new Promise<string>((resolve) =>
    stdout.on('data', (text: string) => {
      printed.push(text);
      resolve(text);
    }),
  );
  const ended = runCommandLine(
    ['serve', '--reranker', reranker, '--port', '0', '--threads', '1', '--api_key_env', 'RAG_TEST_SERVE_KEY'],
    { stdout, stderr: new PassThrough() },
  );
  const url = /^serving on (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(await line)![1]!;
  const ask = (authorization: string) =>
    fetch(`${url}/rerank`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: JSON.stringify({ query: '心脏', texts: ['血液', '天气'] }),
    });
  expect((await ask('Bearer another')).status).toBe(401);
  const response = await ask('Bearer open-sesame');
  expect([response.status, (await response.json()).length]).toEqual([200, 2]);
  process.emit(signal);
  expect(await ended).toBe(0);
  expect(printed.join('')).toContain(`${signal}: finishing what is under way`);
  expect(process.listenerCount(signal)).toBe(before);
  await expect(fetch(`${url}/health`)).rejects.toThrow();
  delete process.env.RAG_TEST_SERVE_KEY;
});

test.each([
  [[], 2, 'serve: expected --embedding, --colbert or --reranker, got none — pass one'],
  [['--reranker', 'm', '--port', '70000'], 2, '--port: expected a port from 0 to 65535, got "70000"'],
  [
    ['--reranker', 'm', '--max_queue', '8'],
    2,
    '--max_client_batch_size: expected less than --max_queue (8), got 32',
  ],
  [
    ['--reranker', 'm', '--api_key_env', 'RAG_TEST_NO_KEY'],
    2,
    '--api_key_env: expected an API key in the variable RAG_TEST_NO_KEY, got none',
  ],
  [
    ['--reranker', './none', '--port', '0'],
    1,
    '"./none": expected a model directory or the name of a model of the hub',
  ],
])('rag serve %j', async (args, code, message) => {
  const ended = await runRag('serve', ...args);
  expect([ended.code, ended.stdout]).toEqual([code, '']);
  expect(ended.stderr).toContain(message);
});

test('a model of another kind and a port that is taken are said so', async () => {
  const other = await runRag('serve', '--embedding', reranker, '--port', '0');
  expect([other.code, other.stderr.split('\n').length]).toEqual([1, 2]);
  expect(other.stderr).toContain('reranker');
  const length = await runRag('serve', '--reranker', reranker, '--port', '0', '--max_len', '9999');
  expect(length).toMatchObject({ code: 2 });
  expect(length.stderr).toContain('--max_len: expected an integer from 5 to 64');
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as AddressInfo;
  const busy = await runRag('serve', '--reranker', reranker, '--port', String(port));
  expect(busy).toMatchObject({
    code: 1,
    stderr: `rag: --port: expected a free port of 127.0.0.1, got ${port}, which is in use — choose another, or 0\n`,
  });
  await new Promise((resolve) => taken.close(resolve));
});
