import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { CrossEncoder, Reranker, YesNoReranker } from '@rag/reranker';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { writeTinyRun } from '../testing/tiny-run.js';
import { runCommandLine } from './command-line.js';

let folder: string;
let model: string;
let val: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-rerank-'));
  const tiny = await writeTinyRun(folder);
  val = tiny.val;
  model = join(folder, 'out', 'model');
  const { code, stderr } = await rag(
    ...['train', 'reranker', '--model_name_or_path', tiny.model, '--init_from_config', '--dataset', tiny.val],
    ...['--output_dir', join(folder, 'out'), '--epochs', '1', '--threads', '1', '--log_interval', '5'],
  );
  expect([code, stderr]).toEqual([0, '']);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function rag(...args: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const into = (chunks: string[]) =>
    new PassThrough().on('data', (chunk: Buffer) => void chunks.push(chunk.toString()));
  const code = await runCommandLine(args, { stdout: into(out), stderr: into(err) });
  return { code, stdout: out.join(''), stderr: err.join('') };
}

test('rag rerank prints the passages by score, as the model class ranks them', async () => {
  const passages = ['天气很好', 'The heart pumps blood.', '血液循环是由心脏推动的'];
  const file = join(folder, 'passages.txt');
  await writeFile(file, `${passages.join('\r\n')}\r\n`);
  const query = '血液循环是谁发现的？';
  const flags = ['rerank', '--model', model, '--query', query, '--passages', file];
  const { stdout, code } = await rag(...flags);
  const rows = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const encoder = await CrossEncoder.fromPretrained(model);
  expect(rows).toEqual(await encoder.rerank(query, passages));
  encoder.dispose();
  expect(code).toBe(0);
  const best = await rag(...flags, '--top_k', '1', '--normalize', '--long_document', 'max-slice');
  const [one, ...rest] = best.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect([one.index, rest]).toEqual([rows[0].index, []]);
  expect(one.score).toBeGreaterThan(0);
  expect(one.score).toBeLessThan(1);
  const odd = await rag(...flags, '--long_document', 'middle');
  expect(odd).toMatchObject({
    code: 2,
    stderr: 'rag: --long_document: expected one of truncate, max-slice, got "middle"\n',
  });
});

test.each(['qwen2-scalar', 'gemma-yes', 'qwen3-logit-score'])(
  '%s, a decoder, is inspected, reranks, is judged, teaches and is exported as any reranker',
  async (name) => {
    const decoder = fileURLToPath(new URL(`../../../reranker/src/fixtures/${name}`, import.meta.url));
    const silenced = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const passages = ['Air scatters blue light.', 'The bakery opens at seven.'];
    const [text, judged, scores, exported] = ['txt', 'jsonl', 'scores', 'exported'].map((end) =>
      join(folder, `${name}.${end}`),
    ) as [string, string, string, string];
    await writeFile(text, passages.join('\n'));
    const rows = ['sky', 'bread'].map((query) => ({
      query,
      pos: passages.slice(0, 1),
      neg: passages.slice(1),
    }));
    await writeFile(judged, rows.map((row) => JSON.stringify(row)).join('\n'));
    expect((await rag('inspect', decoder)).stdout).toContain('opens with  Reranker');
    const { stdout, stderr } = await rag('rerank', '--model', decoder, '--query', 'sky', '--passages', text);
    expect(stderr).toBe('');
    const model = await Reranker.fromPretrained(decoder);
    const ranked = await model.rerank('sky', passages);
    model.dispose();
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(ranked);
    const evaluated = await rag('eval', 'reranker', '--model', decoder, '--dataset', judged);
    expect([evaluated.code, evaluated.stdout]).toEqual([0, expect.stringMatching(/model +[01]\.\d{3} \[/)]);
    const taught = await rag(
      'distill',
      'scores',
      '--teacher',
      decoder,
      '--input',
      judged,
      '--output',
      scores,
    );
    expect([taught.code, taught.stderr]).toEqual([0, '']);
    for (const row of (await readFile(scores, 'utf8')).trimEnd().split('\n')) {
      const { query, content, score } = JSON.parse(row);
      if (query !== 'sky') continue;
      const logit = ranked[0]!.text === content ? ranked[0]!.score : ranked[1]!.score;
      expect(score).toBeCloseTo(1 / (1 + Math.exp(-logit)), 6);
    }
    const exporting = await rag('export', '--model', decoder, '--output', exported);
    expect([exporting.code, exporting.stderr]).toEqual([0, '']);
    const file = await Reranker.fromPretrained(exported, { onnx: 'fp32', verify: true });
    file.dispose();
    silenced.mockRestore();
  },
);

test('flags say how a decoder is asked, and what it does not have is refused under the flag', async () => {
  const fixture = (name: string) =>
    fileURLToPath(new URL(`../../../reranker/src/fixtures/${name}`, import.meta.url));
  const file = join(folder, 'asked.txt');
  await writeFile(file, 'Air scatters blue light.\nThe bakery opens at seven.');
  const ask = (name: string, ...flags: string[]) =>
    rag('rerank', '--model', fixture(name), '--query', 'sky', '--passages', file, ...flags);
  const asked = await ask('gemma-yes', '--prompt', 'Is it?', '--query_format', 'Q: {}', '--max_len', '24');
  const reranker = await YesNoReranker.fromPretrained(fixture('gemma-yes'), {
    template: { query_format: 'Q: {}', special_token: '\nIs it?' },
  });
  const texts = ['Air scatters blue light.', 'The bakery opens at seven.'];
  const ranked = await reranker.rerank('sky', texts, { maxLength: 24 });
  reranker.dispose();
  expect(asked.stdout).toBe(`${ranked.map((row) => JSON.stringify(row)).join('\n')}\n`);
  expect(await ask('gemma-yes', '--cutoff_layers', '2')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--cutoff_layers: expected a layer-wise model'),
  });
  expect((await ask('ms-marco', '--query_instruction_for_rerank', 'A: ')).stderr).toContain(
    '--query_instruction_for_rerank: expected a decoder, which reads a pair as one text, got an encoder',
  );
});

test('passages as JSON lines are rows, not raw text, and keep their ids', async () => {
  const rows = [
    { _id: 'd7', title: '心脏', text: 'The heart pumps blood.' },
    { text: '天气很好', id: 3 },
    '血液循环是由心脏推动的',
  ];
  const texts = ['心脏 The heart pumps blood.', '天气很好', '血液循环是由心脏推动的'];
  const [lines, plain] = [join(folder, 'rows.jsonl'), join(folder, 'rows.txt')];
  await writeFile(lines, rows.map((row) => JSON.stringify(row)).join('\n'));
  await writeFile(plain, texts.join('\n'));
  const ask = ['rerank', '--model', model, '--query', '心脏', '--threads', '1', '--passages'];
  const parsed = async (file: string) =>
    (await rag(...ask, file)).stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
  const [fromRows, fromText] = [await parsed(lines), await parsed(plain)];
  expect(fromRows.map(({ id, ...row }) => row)).toEqual(fromText);
  expect(Object.fromEntries(fromRows.map(({ index, id }) => [index, id]))).toEqual({ 0: 'd7', 1: 3 });
});

test('rag eval reranker prints the metrics beside BM25 and chance', async () => {
  const { stdout, stderr } = await rag(
    'eval',
    'reranker',
    '--model',
    model,
    '--dataset',
    val,
    '--max_len',
    '32',
  );
  expect(stderr).toBe('');
  const [queries, header, ...systems] = stdout.trimEnd().split('\n');
  expect(queries).toMatch(/^6 queries, \d+ passages$/);
  expect(header).toMatch(/^ +mrr@10 +ndcg@10 +map$/);
  expect(systems.map((line) => line.split(' ')[0])).toEqual(['model', 'BM25', 'chance']);
});
