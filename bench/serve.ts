/**
 * Requests per second and their times: `rag serve` beside the same model behind a server that takes one request at a time.
 *
 *     npx tsx --conditions=@rag/source serve.ts --model DIRECTORY --data t2rank.jsonl [--task embedding] [--clients 32] [--requests 1000] [--rounds 3]
 *
 * The model is a reranker's or an embedding model's directory, the data rows {query, pos, neg}. Both servers run in processes of their own, with
 * `--threads`, and take turns; each request has one text, or with `--texts` so many passages of a query. Prints a line of JSON for each server and
 * round: requests per second, and milliseconds of the median, of 95 and of 99 in 100, and of the slowest.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Embedding } from '@rag/embedding';
import { Reranker } from '@rag/reranker';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    data: { type: 'string' },
    task: { type: 'string', default: 'embedding' },
    texts: { type: 'string', default: '1' },
    clients: { type: 'string', default: '32' },
    requests: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string', default: '2' },
    'one-at-a-time': { type: 'boolean', default: false },
  },
});
const { model, data, task } = values;
if (model === undefined || (task !== 'embedding' && task !== 'reranker'))
  throw new RangeError('usage: serve.ts --model DIRECTORY --data ROWS.jsonl [--task embedding|reranker]');
const threads = Number(values.threads);

interface Body {
  readonly inputs: readonly string[];
  readonly query: string;
  readonly texts: readonly string[];
}

async function answerOf(directory: string): Promise<(body: Body) => Promise<unknown>> {
  if (task === 'reranker') {
    const reranker = await Reranker.fromPretrained(directory, { threads });
    return ({ query, texts }) => reranker.rerank(query, texts, { normalize: true });
  }
  const embedding = await Embedding.fromPretrained(directory, { threads });
  return async ({ inputs }) =>
    (await embedding.encode(inputs, { normalize: true })).map((vector) => Array.from(vector));
}

/** The peer: each request waits for the one before. */
async function serveOneAtATime(directory: string): Promise<void> {
  const answer = await answerOf(directory);
  let before: Promise<unknown> = Promise.resolve();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Body;
    const mine = before.then(() => answer(body));
    before = mine.catch(() => {});
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(await mine));
  });
  server.listen(0, '127.0.0.1', () => {
    console.log(`serving on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
}

/** A server in a process of its own, and where it listens. */
async function start(args: readonly string[]): Promise<{ url: string; child: ChildProcess }> {
  const child = spawn(process.execPath, ['--import', 'tsx', '--conditions=@rag/source', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.setEncoding('utf8');
  for await (const text of child.stdout) {
    const url = /serving on (http:\S+)/.exec(String(text))?.[1];
    if (url !== undefined) return { url, child };
  }
  throw new Error(`server: expected an address, got the end of ${args.join(' ')} — see what it printed`);
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const servers = {
  'rag serve': [
    ...[here('../packages/train/src/cli.ts'), 'serve', `--${task}`, model],
    ...[
      '--port',
      '0',
      '--threads',
      values.threads,
      '--max_queue',
      '100000',
      '--max_client_batch_size',
      '1000',
    ],
  ],
  'one at a time': [
    ...[here('./serve.ts'), '--one-at-a-time', '--model', model],
    ...['--task', task, '--threads', values.threads],
  ],
};

/** The bodies of requests, drawn from the rows in order. */
function bodiesOf(path: string, count: number, texts: number): string[] {
  const rows = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { query: string; pos: string[]; neg?: string[] });
  const passages = rows.flatMap(({ pos, neg = [] }) => [...pos, ...neg]);
  return Array.from({ length: count }, (_, i) => {
    const own = Array.from({ length: texts }, (_text, j) => passages[(i * texts + j) % passages.length]!);
    return JSON.stringify(
      task === 'embedding' ? { inputs: own } : { query: rows[i % rows.length]!.query, texts: own },
    );
  });
}

/** Sends the bodies from so many clients, each of which waits for its answer; milliseconds of each request. */
async function load(url: string, bodies: readonly string[], clients: number): Promise<number[]> {
  const times: number[] = [];
  const next = bodies.values();
  const client = async () => {
    for (const body of next) {
      const started = performance.now();
      const response = await fetch(url + (task === 'embedding' ? '/embed' : '/rerank'), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      await response.json();
      if (!response.ok) throw new Error(`${url}: expected 200, got ${response.status}`);
      times.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return times;
}

if (values['one-at-a-time']) await serveOneAtATime(model);
else {
  if (data === undefined) throw new RangeError('--data: expected rows, got none');
  const [requests, clients, rounds, texts] = [
    values.requests,
    values.clients,
    values.rounds,
    values.texts,
  ].map(Number);
  const bodies = bodiesOf(data, requests!, texts!);
  for (let round = 1; round <= rounds!; round++)
    for (const [server, args] of Object.entries(servers)) {
      const { url, child } = await start(args);
      try {
        await load(url, bodies.slice(0, 2 * clients!), clients!);
        const started = performance.now();
        const times = (await load(url, bodies, clients!)).sort((a, b) => a - b);
        const seconds = (performance.now() - started) / 1000;
        const at = (share: number) =>
          Math.round(times[Math.min(times.length - 1, Math.floor(share * times.length))]!);
        const perSecond = Number((requests! / seconds).toFixed(1));
        const milliseconds = { median: at(0.5), p95: at(0.95), p99: at(0.99), most: at(1) };
        console.log(
          JSON.stringify({ server, round, task, clients, requests, texts, perSecond, milliseconds }),
        );
      } finally {
        child.kill('SIGTERM');
        await new Promise((resolve) => child.once('exit', resolve));
      }
    }
}
