import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ColBERT } from '@rag/colbert';
import { Embedding } from '@rag/embedding';
import { Reranker } from '@rag/reranker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeTinyColbert, writeTinyEmbedding, writeTinyReranker } from '../testing/tiny-retrievers.js';
import { writeTinyRun } from '../testing/tiny-run.js';
import type { Served } from './http-server.js';
import { serve } from './serve.js';

let folder: string;
let served: Served;
let embedding: Embedding;
let colbert: ColBERT;
let reranker: Reranker;
const at = (name: string) => join(folder, name);
const key = 'open-sesame';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-serve-'));
  const { model } = await writeTinyRun(folder);
  await writeTinyReranker(model, at('reranker'));
  await writeTinyEmbedding(model, at('embedding'), { query: '查询：' });
  await writeTinyColbert(model, at('colbert'));
  const plain = { threads: 1 };
  embedding = await Embedding.fromPretrained(at('embedding'), plain);
  colbert = await ColBERT.fromPretrained(at('colbert'), plain);
  reranker = await Reranker.fromPretrained(at('reranker'), plain);
  served = await serve({
    embedding: at('embedding'),
    colbert: at('colbert'),
    reranker: at('reranker'),
    ...{
      port: 0,
      threads: 1,
      apiKey: key,
      tokenizationWorkers: 1,
      maxClientBatchSize: 8,
      payloadLimit: 20_000,
    },
  });
});
afterAll(async () => {
  await served?.close();
  for (const model of [embedding, colbert, reranker]) model?.dispose();
  await rm(folder, { recursive: true, force: true });
});

async function post(path: string, body: unknown, headers: Record<string, string> = {}, url = served.url) {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, json: await response.json() };
}
const close = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  expect(a.length).toBe(b.length);
  for (let i = 0; i < a.length; i++) expect(a[i]).toBeCloseTo(b[i]!, 5);
};
const texts = ['血液循环是谁发现的？', 'The heart pumps blood.', '天气很好'];

test('/embed: vectors as the model gives them, normalised unless it says otherwise', async () => {
  const { status, json, headers } = await post('/embed', { inputs: texts });
  expect([status, json.length]).toEqual([200, 3]);
  const vectors = await embedding.encode(texts, { normalize: true });
  for (const [i, vector] of vectors.entries()) close(json[i], vector);
  expect(Number(headers.get('x-compute-tokens'))).toBeGreaterThan(10);
  const raw = await post('/embed', {
    inputs: texts[0],
    normalize: false,
    prompt_name: 'query',
    dimensions: 5,
  });
  close(raw.json[0], await embedding.encode(texts[0]!, { promptName: 'query', dim: 5, normalize: false }));
});

test('/v1/embeddings: floats, base64, widths, usage', async () => {
  const { json } = await post('/v1/embeddings', { input: texts, model: 'any', dimensions: 4 });
  expect(json).toMatchObject({ object: 'list', model: 'embedding' });
  const vectors = await embedding.encode(texts, { normalize: true, dim: 4 });
  for (const [i, { index, object, embedding: found }] of json.data.entries()) {
    expect([index, object]).toEqual([i, 'embedding']);
    close(found, vectors[i]!);
  }
  const tokens = texts.map((text) => embedding.tokenizer.encode(text).input_ids.length);
  const total = tokens.reduce((sum, one) => sum + one);
  expect(json.usage).toEqual({ prompt_tokens: total, total_tokens: total });
  const packed = await post('/v1/embeddings', { input: texts[0], encoding_format: 'base64', dimensions: 4 });
  const bytes = Buffer.from(packed.json.data[0].embedding, 'base64');
  close(
    [0, 4, 8, 12].map((place) => bytes.readFloatLE(place)),
    vectors[0]!,
  );
});

test('/similarity: cosines', async () => {
  const { json } = await post('/similarity', {
    inputs: { source_sentence: texts[0], sentences: texts },
    parameters: { prompt_name: 'query' },
  });
  const [a, b, c] = await embedding.encode(texts, { promptName: 'query', normalize: true });
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, one, i) => sum + one * y[i]!, 0);
  close(json, [1, dot(a!, b!), dot(a!, c!)]);
});

test('/rerank: by the reranker in (0, 1) or as logits, by ColBERT as means or sums', async () => {
  const [query, ...passages] = texts as [string, ...string[]];
  const ask = { query, texts: passages };
  const best = await reranker.rerank(query, passages, { normalize: true });
  const { json } = await post('/rerank', ask);
  expect(json.map(({ index }: { index: number }) => index)).toEqual(best.map(({ index }) => index));
  expect(Object.keys(json[0])).toEqual(['index', 'score']);
  close(
    json.map(({ score }: { score: number }) => score),
    best.map(({ score }) => score),
  );
  const raw = await post('/rerank', { ...ask, raw_scores: true, return_text: true, model: 'reranker' });
  const logits = await reranker.rerank(query, passages);
  expect(raw.json.map(({ text }: { text: string }) => text)).toEqual(logits.map(({ text }) => text));
  close(
    raw.json.map(({ score }: { score: number }) => score),
    logits.map(({ score }) => score),
  );
  const late = await post('/rerank', { ...ask, model: 'colbert', raw_scores: true });
  const sums = await colbert.rerank(query, passages);
  close(
    late.json.map(({ score }: { score: number }) => score),
    sums.map(({ score }) => score),
  );
});

test('/embed_all: a vector for each token of a ColBERT model', async () => {
  const { json } = await post('/embed_all', { inputs: texts });
  const passages = await colbert.encodePassages(texts);
  expect(json.map((rows: unknown[]) => rows.length)).toEqual(passages.map(({ tokens }) => tokens));
  close(json.flat(2), Float32Array.from(passages.flatMap(({ data }) => Array.from(data))));
  const asked = await post('/embed_all', { inputs: texts[0], prompt_name: 'query' });
  const [query] = await colbert.encodeQueries([texts[0]!]);
  close(asked.json.flat(2), query!.data);
});

test('/info, /health, /metrics', async () => {
  const get = (path: string) => fetch(served.url + path, { headers: { authorization: `Bearer ${key}` } });
  const info = await (await get('/info')).json();
  expect(info).toMatchObject({
    model_id: 'embedding',
    model_type: { embedding: { pooling: 'mean' } },
    max_client_batch_size: 8,
    max_batch_tokens: 4096,
    max_concurrent_requests: 512,
    auto_truncate: true,
  });
  expect(info.models.map((one: { model_id: string }) => one.model_id)).toEqual([
    'embedding',
    'reranker',
    'colbert',
  ]);
  expect(JSON.stringify(info)).not.toContain(folder);
  const health = await fetch(`${served.url}/health`);
  expect([health.status, await health.text()]).toEqual([200, '']);
  const metrics = await (await fetch(`${served.url}/metrics`)).text();
  expect(metrics).toMatch(/^te_request_success\{route="\/embed"\} [1-9]/m);
  expect(metrics).toMatch(/^te_queue_size\{model="reranker"\} 0$/m);
});

describe('what is refused', () => {
  const long = '血液'.repeat(200);
  test.each([
    ['/embed', { inputs: [] }, 400, 'empty', 'inputs: expected at least one text that is not empty'],
    ['/embed', { inputs: ['a', ''] }, 400, 'empty', 'inputs[1]: expected at least one'],
    ['/embed', '{"inputs":', 400, 'validation', 'body: expected JSON'],
    ['/embed', { inputs: 'x'.repeat(20_000) }, 413, 'validation', 'body: expected at most 20000 bytes'],
    ['/embed', { inputs: new Array(9).fill('a') }, 413, 'validation', 'expected at most 8 texts, got 9'],
    ['/embed', { inputs: 3 }, 422, 'validation', 'inputs: expected a text, or a list of texts'],
    ['/embed', { inputs: [1, 2] }, 422, 'validation', 'inputs: expected texts, got token ids'],
    ['/embed', {}, 422, 'validation', 'inputs: expected'],
    [
      '/embed',
      { inputs: 'a', prompt_name: 'none' },
      422,
      'validation',
      "prompt_name: expected one of the model's",
    ],
    [
      '/embed',
      { inputs: 'a', dimensions: 33 },
      422,
      'validation',
      'dimensions: expected a whole number from 1 to 32',
    ],
    [
      '/embed',
      { inputs: 'a', truncation_direction: 'left' },
      422,
      'validation',
      'truncation_direction: expected',
    ],
    [
      '/embed',
      { inputs: long, truncate: false },
      422,
      'validation',
      'inputs: expected at most 64 tokens, got more',
    ],
    [
      '/embed_all',
      { inputs: long, truncate: false },
      422,
      'validation',
      'inputs: expected at most 64 tokens',
    ],
    ['/embed_all', { inputs: 'a', prompt_name: 'x' }, 422, 'validation', 'prompt_name: expected "query"'],
    [
      '/rerank',
      { query: 'a', texts: [long], truncate: false },
      422,
      'validation',
      'texts[0]: expected at most 64',
    ],
    [
      '/rerank',
      { query: 'a', texts: ['b'], model: 'c' },
      422,
      'validation',
      'model: expected one of those served',
    ],
    ['/rerank', { query: 'a' }, 422, 'validation', 'texts: expected'],
    ['/rerank', { query: '', texts: [''] }, 400, 'empty', 'texts[0]'],
    ['/similarity', { inputs: { source_sentence: 'a', sentences: [] } }, 400, 'empty', 'inputs.sentences'],
    ['/tokenize', { inputs: 'a' }, 404, 'not_found', 'path: expected a route'],
  ])('%s: case %#', async (path, body, status, type, message) => {
    const { json, ...answer } = await post(path, body, { 'x-request-id': 'r-1' });
    expect([answer.status, json.error_type, json.request_id]).toEqual([status, type, 'r-1']);
    expect(json.error).toContain(message);
    expect(answer.headers.get('x-request-id')).toBe('r-1');
  });

  test('a key that is missing or another, a method, a type, for OpenAI in its words', async () => {
    for (const authorization of ['', 'Bearer open', key, `bearer ${key}`]) {
      const { status, json, headers } = await post('/embed', { inputs: 'a' }, { authorization });
      expect([status, json.error_type]).toEqual([401, 'unauthorized']);
      expect(headers.get('www-authenticate')).toBe('Bearer');
    }
    const get = await fetch(`${served.url}/embed`);
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await post('/embed', 'a', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await post('/embed', '{}', { 'content-encoding': 'gzip' })).status).toBe(415);
    const openai = await post('/v1/embeddings', { input: [] });
    expect(openai.json).toMatchObject({
      code: 400,
      type: 'empty',
      error: { message: openai.json.message, type: 'empty', code: 400, param: null },
      request_id: openai.headers.get('x-request-id'),
    });
  });

  test('a route without its model', async () => {
    const alone = await serve({ reranker, port: 0 });
    try {
      const { status, json } = await post('/embed', { inputs: 'a' }, {}, alone.url);
      expect([status, json.error_type]).toEqual([424, 'backend']);
      expect(json.error).toContain('/embed: expected a server with --embedding, got one with reranker');
    } finally {
      await alone.close();
    }
    // A model that was given open stays the caller's.
    expect(await reranker.computeScore(['a', 'b'])).toBeTypeOf('number');
  });

  test('a server without models, and limits that contradict each other', async () => {
    await expect(serve({ port: 0 })).rejects.toThrow('expected embedding, colbert or reranker, got no model');
    await expect(serve({ reranker, port: 0, maxQueue: 4, maxClientBatchSize: 4 })).rejects.toThrow(
      'maxClientBatchSize: expected less than maxQueue (4), got 4',
    );
  });
});

test.each(['gemma-yes', 'qwen2-scalar', 'qwen3-logit-score'])('LLM reranker %s', async (name) => {
  const directory = fileURLToPath(new URL(`../../../reranker/src/fixtures/${name}`, import.meta.url));
  const model = await Reranker.fromPretrained(directory, { threads: 1 });
  const llm = await serve({ reranker: directory, port: 0, threads: 1, maxLength: 64 });
  try {
    const { json } = await post(
      '/rerank',
      { query: 'a b', texts: ['b c', 'a'], raw_scores: true },
      {},
      llm.url,
    );
    const ranked = await model.rerank('a b', ['b c', 'a'], { maxLength: 64 });
    expect(json.map(({ index }: { index: number }) => index)).toEqual(ranked.map(({ index }) => index));
    close(
      json.map(({ score }: { score: number }) => score),
      ranked.map(({ score }) => score),
    );
  } finally {
    await llm.close();
    model.dispose();
  }
});
