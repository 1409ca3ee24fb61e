import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { toldService } from '../testing/told-service.js';
import type { AnswerContext } from './answer-request.js';
import { httpServer, type Served } from './http-server.js';
import { serveMetrics } from './serve-metrics.js';

const servers: Served[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function start(
  options: { readonly maxQueue?: number; readonly requestTimeout?: number } & Partial<AnswerContext> = {},
) {
  const { maxQueue, requestTimeout = 30_000, ...more } = options;
  const told = toldService(maxQueue);
  const lines: string[] = [];
  const metrics = serveMetrics();
  const context = {
    models: { embedding: told.service },
    metrics,
    info: {},
    autoTruncate: true,
    maxClientBatchSize: 4,
    payloadLimit: 1000,
    writeTimeout: 30_000,
    log: (line: string) => void lines.push(line),
    ...more,
  };
  metrics.watch(context.models);
  const http = { host: '127.0.0.1', port: 0, requestTimeout, shutdownTimeout: 30_000 };
  const served = await httpServer(context, http);
  servers.push(served);
  const ask = (inputs: unknown, signal?: AbortSignal) =>
    fetch(`${served.url}/embed`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': 'r-7' },
      body: JSON.stringify({ inputs }),
      ...(signal && { signal }),
    });
  const metric = async (pattern: RegExp) => pattern.exec(metrics.text())?.[1];
  return { ...told, ...served, ask, lines, metric };
}

test('a full queue: 429, when to ask again, and what is waiting is answered all the same', async () => {
  const { ask, runs, begun, metric } = await start({ maxQueue: 4 });
  const first = ask(['a', 'bb', 'ccc']);
  await begun(1);
  const full = await ask(['d', 'e']);
  expect([full.status, full.headers.get('retry-after')]).toEqual([429, '1']);
  expect(await full.json()).toEqual({
    error: 'queue: expected a place, got a full one — ask again in 1 s',
    error_type: 'overloaded',
    request_id: 'r-7',
  });
  expect(await metric(/te_queue_size\{model="embedding"\} (\d+)/)).toBe('3');
  runs[0]!.answer();
  expect(await (await first).json()).toEqual([[1], [2], [3]]);
  expect(await metric(/te_request_failure\{route="\/embed",err="overloaded"\} (\d+)/)).toBe('1');
});

test('a model that fails: 424 for the one, 503 of /health, a line without texts', async () => {
  const { ask, runs, begun, lines, url } = await start();
  const asked = ask('a secret text');
  await begun(1);
  runs[0]!.fail(new Error('out of memory'));
  const { status, ...answer } = await asked.then(async (one) => ({
    status: one.status,
    json: await one.json(),
  }));
  expect([status, answer.json]).toEqual([
    424,
    {
      error: 'model: expected outputs, got out of memory',
      error_type: 'backend',
      request_id: 'r-7',
    },
  ]);
  expect(lines).toEqual(['r-7 /embed 424 backend: model: expected outputs, got out of memory']);
  const sick = fetch(`${url}/health`);
  await begun(2);
  runs[1]!.fail(new Error('again'));
  expect(await (await sick).json()).toMatchObject({ error_type: 'unhealthy' });
  const well = fetch(`${url}/health`);
  await begun(3);
  expect(runs[2]!.texts).toEqual(['probe']);
  runs[2]!.answer();
  expect((await well).status).toBe(200);
});

test('a client that goes: its inputs leave the queue, the run that only it waited for is aborted', async () => {
  const { ask, runs, begun, service, metric } = await start();
  const control = new AbortController();
  const asked = ask(['a', 'b'], control.signal);
  await begun(1);
  const aborted = new Promise((resolve) => runs[0]!.signal.addEventListener('abort', resolve));
  control.abort();
  await expect(asked).rejects.toThrow('abort');
  await aborted;
  await new Promise((resolve) => setImmediate(resolve));
  runs[0]!.fail(new Error('aborted'));
  expect([runs[0]!.texts, service.held]).toEqual([['a', 'b'], 0]);
  const next = ask('ccc');
  await begun(2);
  runs[1]!.answer();
  expect(await (await next).json()).toEqual([[3]]);
  expect(await metric(/te_request_failure\{route="\/embed",err="cancelled"\} (\d+)/)).toBe('1');
});

test('closing: what is under way is finished, what is new is refused, connections end', async () => {
  const { ask, runs, begun, url, close } = await start();
  const under = ask('abcd');
  await begun(1);
  const { port } = new URL(url);
  // A connection that is open already and asks once more while the server closes.
  const socket = connect(Number(port), '127.0.0.1');
  const heard: string[] = [];
  socket.setEncoding('utf8').on('data', (chunk: string) => void heard.push(chunk));
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write(
    'GET /metrics HTTP/1.1\r\nhost: a\r\n\r\nPOST /embed HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n',
  );
  await new Promise<void>((resolve) => socket.once('data', () => resolve()));
  const closed = close();
  expect(close()).toBe(closed);
  socket.write('content-type: application/json\r\n\r\n');
  await ended;
  expect(heard.join('')).toContain('HTTP/1.1 503 Service Unavailable');
  expect(heard.join('')).toMatch(/connection: close/i);
  await expect(fetch(`${url}/health`)).rejects.toThrow('fetch failed');
  runs[0]!.answer();
  expect(await (await under).json()).toEqual([[4]]);
  await closed;
});

test('a connection that was opened and never used does not hold up the end', async () => {
  const { url, close } = await start();
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => {});
  const ended = new Promise((resolve) => socket.once('close', resolve));
  await new Promise((resolve) => socket.once('connect', resolve));
  // Answered: the server has seen the connection before.
  expect((await fetch(`${url}/metrics`)).status).toBe(200);
  await close();
  await ended;
});

test('a client that never finishes its request is told so and let go', async () => {
  const { url } = await start({ requestTimeout: 100 });
  const { port } = new URL(url);
  const heard = await new Promise<string>((resolve) => {
    const socket = connect(Number(port), '127.0.0.1');
    const chunks: string[] = [];
    socket.setEncoding('utf8').on('data', (chunk: string) => void chunks.push(chunk));
    socket.once('close', () => resolve(chunks.join('')));
    socket.write(
      'POST /embed HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"',
    );
  });
  expect(heard).toContain('HTTP/1.1 408 Request Timeout');
});

test('a body that is larger than it says is not kept', async () => {
  const { url, runs } = await start();
  const status = await new Promise<number>((resolve, reject) => {
    const request = httpRequest(
      `${url}/embed`,
      { method: 'POST', headers: { 'content-type': 'application/json' } },
      (response) => {
        response.resume();
        resolve(response.statusCode!);
      },
    );
    request.once('error', reject);
    for (let i = 0; i < 4; i++) request.write('"'.padEnd(500));
    request.end();
  });
  expect([status, runs.length]).toEqual([413, 0]);
});

test('an error that nobody foresaw: 500, and the log has its class alone', async () => {
  const told = toldService();
  const service = {
    ...told.service,
    embed: () => Promise.reject(new TypeError('a secret text')),
  };
  const { ask, lines } = await start({ models: { embedding: service } });
  const response = await ask('a secret text');
  expect([response.status, JSON.stringify(await response.json())]).not.toContain('secret');
  expect([response.status, lines]).toEqual([500, ['r-7 /embed 500 internal: TypeError']]);
});

test('an id of a request that could not stand in a log is replaced', async () => {
  const { url } = await start();
  const given = 'x'.repeat(65);
  const response = await fetch(`${url}/nowhere`, { headers: { 'x-request-id': given } });
  const { request_id } = await response.json();
  expect(request_id).toMatch(/^[\da-f-]{36}$/);
  expect(response.headers.get('x-request-id')).toBe(request_id);
});
