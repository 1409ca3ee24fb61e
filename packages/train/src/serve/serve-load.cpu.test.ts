import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ColBERT } from '@rag/colbert';
import { Embedding } from '@rag/embedding';
import { Reranker } from '@rag/reranker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeTinyColbert, writeTinyEmbedding, writeTinyReranker } from '../testing/tiny-retrievers.js';
import { writeTinyRun } from '../testing/tiny-run.js';
import { serve } from './serve.js';

let folder: string;
let models: { embedding: Embedding; colbert: ColBERT; reranker: Reranker };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-serve-load-'));
  const at = (name: string) => join(folder, name);
  const { model, train } = await writeTinyRun(folder);
  const rows = (await readFile(train, 'utf8')).trimEnd().split('\n');
  const passages = rows.flatMap((row): string[] => [...JSON.parse(row).pos, ...JSON.parse(row).neg]);
  pool = [...new Set(passages)].slice(0, 24).map((text, i) => text.slice(0, 12 + 5 * (i % 8)));
  await writeTinyReranker(model, at('reranker'));
  await writeTinyEmbedding(model, at('embedding'));
  await writeTinyColbert(model, at('colbert'));
  models = {
    embedding: await Embedding.fromPretrained(at('embedding'), { threads: 1 }),
    colbert: await ColBERT.fromPretrained(at('colbert'), { threads: 1 }),
    reranker: await Reranker.fromPretrained(at('reranker'), { threads: 1 }),
  };
});
afterAll(async () => {
  for (const model of Object.values(models ?? {})) model.dispose();
  await rm(folder, { recursive: true, force: true });
});

const key = 'open-sesame';
const query = '血液循环是谁发现的？';
/** Beginnings of the rows' passages, of many lengths, no two alike. */
let pool: string[];

const close = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  expect(a.length).toBe(b.length);
  for (let i = 0; i < a.length; i++) expect(a[i]).toBeCloseTo(b[i]!, 4);
};
const closeAll = (found: readonly number[][], expected: readonly Float32Array[]) => {
  expect(found.length).toBe(expected.length);
  for (const [i, one] of found.entries()) close(one, expected[i]!);
};
const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, one, i) => sum + one * b[i]!, 0);

interface Asked {
  readonly path: string;
  readonly body: unknown;
  /** Holds an answer's JSON against what the model says by itself. */
  check(json: never): void;
}

/** Holds a ranking against the scores of the pool, to a hundredth of how far these lie apart: fresh weights give scores that are nearly one. */
function scoresCheck(scores: readonly number[]) {
  const tolerance = (Math.max(...scores) - Math.min(...scores)) / 100;
  // Else a mix-up would not be told from rounding.
  expect(tolerance).toBeGreaterThan(1e-7);
  return (json: readonly { index: number; score: number }[], places: readonly number[]) => {
    expect(json.map(({ index }) => index).sort()).toEqual(places.map((_, j) => j));
    for (const { index, score } of json)
      expect(Math.abs(score - scores[places[index]!]!)).toBeLessThan(tolerance);
  };
}

/** The requests of a load by their number: every route, one text or two. */
async function askedRequests(): Promise<(i: number) => Asked> {
  const { embedding, colbert, reranker } = models;
  const vectors = await embedding.encode(pool, { normalize: true });
  const scores = await reranker.computeScore(pool.map((text) => [query, text]));
  const tokens = await colbert.encodePassages(pool);
  const sums = await colbert.computeScore(pool.map((text) => [query, text]));
  // Else a mix-up would not be seen.
  for (const [i, vector] of vectors.entries())
    for (const other of vectors.slice(0, i)) expect(1 - dot(vector, other)).toBeGreaterThan(1e-5);
  const [ofReranker, ofColbert] = [scoresCheck(scores), scoresCheck(sums)];
  return (i) => {
    const places = [i % 24, (i * 7 + 5) % 24].slice(0, 1 + (i % 2));
    const texts = places.map((place) => pool[place]!);
    const of = <Value>(values: ArrayLike<Value>) => places.map((place) => values[place]!);
    switch (i % 8) {
      case 0:
      case 1:
        return {
          ...{ path: '/rerank', body: { query, texts, raw_scores: true, model: 'reranker' } },
          check: (json) => ofReranker(json, places),
        };
      case 2:
        return {
          ...{ path: '/rerank', body: { query, texts, raw_scores: true, model: 'colbert' } },
          check: (json) => ofColbert(json, places),
        };
      case 3:
        return {
          ...{ path: '/embed_all', body: { inputs: texts } },
          check: (json: number[][][]) =>
            closeAll(
              json.map((rows) => rows.flat()),
              of(tokens.map(({ data }) => data)),
            ),
        };
      case 4:
        return {
          ...{ path: '/v1/embeddings', body: { input: texts, model: 'any' } },
          check: (json: { data: { embedding: number[] }[] }) =>
            closeAll(
              json.data.map(({ embedding }) => embedding),
              of(vectors),
            ),
        };
      case 5:
        return {
          path: '/similarity',
          body: { inputs: { source_sentence: pool[0], sentences: texts } },
          check: (json) =>
            close(
              json,
              of(vectors).map((vector) => dot(vectors[0]!, vector)),
            ),
        };
      default:
        return {
          ...{ path: '/embed', body: { inputs: texts } },
          check: (json: number[][]) => closeAll(json, of(vectors)),
        };
    }
  };
}

const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };

/** What a bad client sends, and the status that it gets. */
const bad: readonly [path: string, body: string, status: number, headers?: Record<string, string>][] = [
  ['/embed', '{"inputs":', 400],
  ['/embed', '{"inputs":""}', 400],
  ['/embed', '{"inputs":3}', 422],
  ['/rerank', '{"query":"a"}', 422],
  ['/rerank', '{"query":"a","texts":["b"],"model":"none"}', 422],
  ['/nowhere', '{}', 404],
  ['/embed', '{"inputs":"a"}', 401, { authorization: 'Bearer open' }],
  ['/embed', `{"inputs":"${'x'.repeat(30_000)}"}`, 413],
  ['/embed', 'inputs', 415, { 'content-type': 'text/plain' }],
];

/** Sends a body in three pieces, with pauses. @returns status and JSON */
async function askSlowly(url: string, body: string) {
  const request = httpRequest(url, { method: 'POST', headers });
  const answered = once(request, 'response') as Promise<[IncomingMessage]>;
  const bytes = Buffer.from(body);
  for (const share of [0, 1, 2]) {
    request.write(bytes.subarray((share * bytes.length) / 3, ((share + 1) * bytes.length) / 3));
    await wait(3);
  }
  request.end();
  const [response] = await answered;
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode!, json: JSON.parse(Buffer.concat(chunks).toString()) as never };
}

/** Says that more will come, and goes. */
async function hangUp(url: string): Promise<void> {
  const request = httpRequest(url, { method: 'POST', headers: { ...headers, 'content-length': 100 } });
  request.on('error', () => {});
  request.write('{"inputs": "');
  await once(request, 'socket');
  await wait(1);
  request.destroy();
}

/** What became of the requests of a load. */
interface Tally {
  answered: number;
  cancelled: number;
  bad: number;
  gone: number;
  refused: number;
}

async function load(requests: number, limits: { readonly maxQueue?: number }): Promise<Tally> {
  const asked = await askedRequests();
  const tally: Tally = { answered: 0, cancelled: 0, bad: 0, gone: 0, refused: 0 };
  const served = await serve({
    ...{ ...models, ...limits, port: 0, threads: 1, apiKey: key, tokenizationWorkers: 1 },
    ...{ maxClientBatchSize: 8, payloadLimit: 20_000 },
  });
  const { url } = served;
  const post = async (path: string, body: string, more: RequestInit = {}) => {
    const response = await fetch(url + path, { method: 'POST', headers, body, ...more });
    return { status: response.status, json: (await response.json()) as never };
  };
  const one = async (i: number): Promise<void> => {
    if (i % 29 === 3) {
      await hangUp(`${url}/embed`);
      tally.gone++;
      return;
    }
    if (i % 11 === 2) {
      const [path, body, status, changed] = bad[Math.floor(i / 11) % bad.length]!;
      const found = await post(path, body, { headers: { ...headers, ...changed } });
      expect([path, found.status]).toEqual([path, status]);
      tally.bad++;
      return;
    }
    const { path, body, check } = asked(i);
    const control = new AbortController();
    const isCancelled = i % 17 === 0;
    try {
      const text = JSON.stringify(body);
      const found =
        i % 13 === 1
          ? askSlowly(url + path, text)
          : post(path, text, isCancelled ? { signal: control.signal } : {});
      if (isCancelled && i % 13 !== 1) setImmediate(() => control.abort());
      const { status, json } = await found;
      if (status === 429) {
        tally.refused++;
        await wait(2);
        return one(i);
      }
      expect([path, status]).toEqual([path, 200]);
      check(json);
      tally.answered++;
    } catch (error) {
      if (!control.signal.aborted) throw error;
      tally.cancelled++;
    }
  };
  try {
    const next = Array.from({ length: requests }, (_, i) => i).values();
    const client = async () => {
      for (const i of next) await one(i);
    };
    await Promise.all(Array.from({ length: 64 }, client));
    // What was cancelled leaves the queues, and nothing stays behind in them.
    const queued = async () =>
      Array.from((await (await fetch(`${url}/metrics`)).text()).matchAll(/^te_queue_size\{.*\} (\d+)$/gm));
    await expect
      .poll(async () => (await queued()).map(([, size]) => size), { timeout: 60_000 })
      .toEqual(['0', '0', '0']);
  } finally {
    await served.close();
  }
  return tally;
}

const isLong = process.env.RAG_LONG !== undefined;
const count = isLong ? 10_000 : 1_000;

test(`${count} requests of all routes, slow, bad, gone and cancelled clients: nothing is lost or mixed up`, async () => {
  const { answered, cancelled, bad: wrong, gone, refused } = await load(count, {});
  expect(answered + cancelled + wrong + gone).toBe(count);
  const of = (isIt: (i: number) => boolean) => Array.from({ length: count }, (_, i) => i).filter(isIt).length;
  expect(gone).toBe(of((i) => i % 29 === 3));
  expect(wrong).toBe(of((i) => i % 11 === 2 && i % 29 !== 3));
  expect(cancelled).toBeLessThanOrEqual(of((i) => i % 17 === 0));
  // 64 clients with three inputs each at most.
  expect(refused).toBe(0);
}, 900_000);

test.runIf(isLong)(
  '10,000 requests at a queue that is too short for them: those refused ask again',
  async () => {
    const { answered, cancelled, bad: wrong, gone, refused } = await load(10_000, { maxQueue: 24 });
    expect(answered + cancelled + wrong + gone).toBe(10_000);
    expect(refused).toBeGreaterThan(0);
  },
  900_000,
);
