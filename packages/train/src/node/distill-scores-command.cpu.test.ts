import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CrossEncoder } from '@rag/reranker';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openStartingModel } from '../recipes/starting-model.js';
import { runRag } from '../testing/run-rag.js';
import { serveTeacher, type TeacherServer } from '../testing/teacher-server.js';
import { writeTinyRun } from '../testing/tiny-run.js';
import { nodeFiles } from './node-files.js';

let folder: string;
let input: string;
let config: string;
let server: TeacherServer | undefined;
const at = (name: string) => join(folder, name);
const rowsOf = async (name: string): Promise<Record<string, unknown>[]> =>
  (await readFile(at(name), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-distill-'));
  ({ val: input, model: config } = await writeTinyRun(folder));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(async () => {
  await server?.close();
  delete process.env.TEACHER_KEY;
});

const distill = (...flags: string[]) => runRag('distill', 'scores', '--input', input, ...flags);
const ask = (...flags: string[]) =>
  distill('--endpoint', server!.url, '--teacher_model', 'judge', '--concurrency', '1', ...flags);

test('a reranker scores rows, and a student is trained on them', async () => {
  const teacher = at('teacher');
  const start = await openStartingModel(
    nodeFiles,
    { modelNameOrPath: config, initFromConfig: true, seed: 3 },
    { threads: 1 },
  );
  await start.model.savePretrained(teacher);
  start.model.dispose();
  const flags = ['--teacher', teacher, '--max_len', '64', '--threads', '1'];
  const made = await distill(...flags, '--output', at('pairs.jsonl'), '--output_lists', at('lists.jsonl'));
  expect(made).toMatchObject({ code: 0, stderr: '' });
  const pairs = await rowsOf('pairs.jsonl');
  const model = await CrossEncoder.fromPretrained(teacher);
  const scores = await model.computeScore(
    pairs.map(({ query, content }) => [query, content] as [string, string]),
    { normalize: true, maxLength: 64 },
  );
  model.dispose();
  for (const [i, { score }] of pairs.entries()) expect(score).toBeCloseTo(scores[i]!, 6);
  const lists = await rowsOf('lists.jsonl');
  expect(lists.flatMap(({ pos_scores, neg_scores }) => [pos_scores, neg_scores].flat())).toEqual(
    pairs.map(({ score }) => score),
  );
  expect(made.stdout).toMatch(new RegExp(`: ${pairs.length} pairs of 6 rows, \\d+ of them scored now\n$`));

  // Logits of the same model are other scores.
  const logits = await distill(
    ...flags,
    '--normalize',
    'false',
    '--output',
    at('logits.jsonl'),
    '--cache',
    at('pairs.jsonl.cache.jsonl'),
  );
  expect(logits.code).toBe(0);
  for (const [i, { score }] of (await rowsOf('logits.jsonl')).entries())
    expect(1 / (1 + Math.exp(-(score as number)))).toBeCloseTo(scores[i]!, 6);
  const again = await distill(
    ...flags,
    '--output',
    at('again.jsonl'),
    '--cache',
    at('pairs.jsonl.cache.jsonl'),
  );
  expect(again.stdout).toContain(' 0 of them scored now');
  expect(await readFile(at('again.jsonl'))).toEqual(await readFile(at('pairs.jsonl')));

  const trained = await runRag(
    ...[
      'train',
      'reranker',
      '--model_name_or_path',
      config,
      '--init_from_config',
      '--loss_type',
      'regression_mse',
    ],
    ...[
      '--train_dataset',
      at('pairs.jsonl'),
      '--epochs',
      '1',
      '--max_len',
      '64',
      '--output_dir',
      at('student'),
    ],
  );
  expect(trained.code).toBe(0);
});

test('an endpoint with faults: what is busy is asked again, and the key is nowhere', async () => {
  server = await serveTeacher({ relevance: (prompt) => (prompt.length % 7) / 10 + 0.1 });
  process.env.TEACHER_KEY = 'sk-verysecret';
  server.fail({ status: 429, headers: { 'retry-after': '0' }, body: 'slow down, sk-verysecret' });
  const done = await ask('--api_key_env', 'TEACHER_KEY', '--output', at('judged.jsonl'));
  expect(done.code).toBe(0);
  expect(done.stdout).toContain('by probabilities');
  expect(done.stderr).toContain('got 429 (slow down, ***); asking again in 1 s');
  expect(new Set(server.requests.map(({ authorization }) => authorization))).toEqual(
    new Set(['Bearer sk-verysecret']),
  );
  for (const { score } of await rowsOf('judged.jsonl')) expect(score).toBeGreaterThan(0.05);

  server.fail({ status: 401, body: 'unknown key sk-verysecret' });
  const refused = await ask(
    '--api_key_env',
    'TEACHER_KEY',
    '--output',
    at('refused.jsonl'),
    '--answers',
    'yes=1',
    'no=0.1',
  );
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toMatch(/got 401 \(unknown key \*\*\*\) — give the key by --api_key_env\n$/);
  for (const name of await readdir(folder, { withFileTypes: true }))
    if (name.isFile()) expect(await readFile(at(name.name), 'utf8')).not.toContain('verysecret');
  expect(done.stderr + done.stdout + refused.stderr).not.toContain('verysecret');
});

test('stops at its cost with what is done, and goes on with more', async () => {
  server = await serveTeacher({ logprobs: false });
  const prices = ['--price_prompt', '1000', '--price_completion', '1000'];
  const flags = [...prices, '--output', at('dear.jsonl')];
  const stopped = await ask(...flags, '--max_cost', '2');
  expect(stopped.code).toBe(1);
  expect(stopped.stderr).toMatch(
    /cost limit: expected 2 to be enough, got [\d.]+ spent .* (\d+) of \d+ pairs have scores/,
  );
  const before = server.requests.length;
  expect(before).toBeGreaterThan(0);
  expect(await readdir(folder)).not.toContain('dear.jsonl');
  const done = await ask(...flags, '--max_cost', '1000');
  expect(done.code).toBe(0);
  expect(done.stdout).toContain('by the text of answers');
  expect(done.stdout).toMatch(/, [\d.]+ spent in all\n$/);
  const prompts = server.requests.map(({ body }) => JSON.stringify(body));
  expect(new Set(prompts).size).toBe(prompts.length);
});

test('answers that cannot be read are named with their rows', async () => {
  server = await serveTeacher({ logprobs: false, text: () => 'I think so' });
  const { code, stderr } = await ask('--output', at('unread.jsonl'), '--max_faults', '2');
  expect(code).toBe(1);
  expect(stderr).toMatch(/reranker\.dev\.jsonl:1, passage 2: expected yes or no, got "I think so"\n/);
  expect(stderr).toMatch(/2 pairs have no score; 0 of \d+ pairs have scores.*change the prompt or the model/);
  expect(server.requests).toHaveLength(6);
});

test('likelihoods of answers, with a prompt of a file, divided by gamma', async () => {
  server = await serveTeacher({ tokenLogprob: (_, prompt) => (prompt.startsWith('P:near') ? -1 : -3) });
  await writeFile(at('prompt.txt'), 'P:{content} Q:{query}\n');
  await writeFile(
    at('qa.jsonl'),
    `${JSON.stringify({ query: 'q', pos: ['near'], neg: ['far'], answer: 'a b' })}\n`,
  );
  const flags = [
    '--likelihood',
    '--prompt_file',
    at('prompt.txt'),
    '--gamma',
    '2',
    '--output_lists',
    at('qa.out.jsonl'),
  ];
  const { code } = await runRag(
    ...[
      'distill',
      'scores',
      '--input',
      at('qa.jsonl'),
      '--endpoint',
      server.url,
      '--teacher_model',
      'lm',
      ...flags,
    ],
  );
  expect(code).toBe(0);
  expect(await rowsOf('qa.out.jsonl')).toEqual([
    { query: 'q', pos: ['near'], neg: ['far'], answer: 'a b', pos_scores: [-1], neg_scores: [-3] },
  ]);
});

test.each([
  [[], /--teacher: expected a reranker, or an --endpoint, got neither/],
  [['--teacher', 'a', '--endpoint', 'b'], /got both/],
  [['--teacher', 'a', '--likelihood'], /--likelihood: expected an --endpoint beside it/],
  [['--endpoint', 'http://a'], /--teacher_model: expected/],
  [['--endpoint', 'http://127.0.0.1:1', '--teacher_model', 'm'], /--output: expected a file to write/],
])('%j', async (flags, message) => {
  const { code, stderr } = await distill(...flags);
  expect(stderr).toMatch(message);
  expect(code).toBe(2);
});
