import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rerankerOptions } from '../config/reranker-options.js';
import { spellings } from '../config/resolve.js';
import { runCommandLine } from './command-line.js';
import { version } from './version.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-cli-'));
  await writeFile(
    join(folder, 'training.yaml'),
    'model_name_or_path: m\ntrain_dataset: d\nlr: 1e-3\nepochs: 7\n',
  );
  await writeFile(join(folder, 'bad.yaml'), 'lr: 1e-3\n\nbacth_size: 3\n');
  await writeFile(join(folder, 'gap.txt'), 'one\n\ntwo\n');
  await writeFile(join(folder, 'raw.jsonl'), '"one"\nplain text\n');
});
afterAll(() => rm(folder, { recursive: true }));

async function rag(...args: string[]) {
  const gathered = (): { stream: PassThrough; text: () => string } => {
    const chunks: string[] = [];
    const stream = new PassThrough();
    stream.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
    return { stream, text: () => chunks.join('') };
  };
  const [stdout, stderr] = [gathered(), gathered()];
  const code = await runCommandLine(args, { stdout: stdout.stream, stderr: stderr.stream });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}
const printed = (...args: string[]) =>
  rag('train', 'reranker', '--model_name_or_path', 'm', '--dataset', 'd', '--print-config', ...args);

test('version and help', async () => {
  expect(await rag('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  expect(await rag('-V')).toEqual(await rag('--version'));
  const help = await rag('train', 'reranker', '--help');
  expect(help.code).toBe(0);
  for (const key of Object.keys(rerankerOptions)) expect(help.stdout).toContain(`--${key} `);
  expect(help.stdout).toContain('Presets:\n  bert-reranker  ');
  expect(await rag('help', 'train', 'reranker')).toEqual(help);
  expect((await rag('help', 'train')).stdout).toContain('Usage: rag train [options] <task>');
  expect(await rag('train', '--help')).toEqual(await rag('train', 'help'));
});

test('flags beat the file, the file beats the defaults', async () => {
  const { stdout, code } = await rag(
    ...['train', 'reranker', '--config', join(folder, 'training.yaml'), '--lr', '3e-5', '--print-config'],
  );
  expect(code).toBe(0);
  expect(stdout).toContain('lr: 0.00003 # peak learning rate (--lr)');
  expect(stdout).toContain(`epochs: 7 # passes over the data (${join(folder, 'training.yaml')}:4)`);
  expect(stdout).toContain('batch_size: 8 # pairs per batch, or groups (default)');
});

test('lists, negative numbers, booleans that stand alone, --flag=value', async () => {
  const { stdout, stderr } = await printed(
    ...['--val_dataset', 'a', 'b', '--min_label', '-20', '--max_label=-1', '--fp16', '--use_lora', 'False'],
  );
  expect(stderr).toBe('');
  for (const line of [
    'val_dataset: [ a, b ]',
    'min_label: -20',
    'max_label: -1',
    'fp16: true',
    'use_lora: false',
  ])
    expect(stdout).toContain(`\n${line} #`);
});

test('every key and alias is a flag', async () => {
  for (const name of spellings(rerankerOptions)) {
    const { stderr } = await rag('train', 'reranker', `--${name}={}`);
    expect(stderr).not.toContain('known flag');
  }
});

test.each([
  [
    ['train', 'reranker', '--bacth_size', '3'],
    '--bacth_size: expected a known flag, got none of this name — did you mean --batch_size?',
  ],
  [
    ['train', 'reranker', '--qqqqqqqq', '3'],
    '--qqqqqqqq: expected a known flag, got none of this name — see --help',
  ],
  [['train', 'reranker', '--lr', 'fast'], '--lr: expected a number above 0, got "fast" — peak learning rate'],
  [['train', 'reranker', '--lr', '1', '--learning_rate', '2'], '--learning_rate: expected lr once'],
  [['train', 'reranker', '--lr'], '--lr: expected <x> behind it, got nothing — pass --lr <x>'],
  [['train', 'reranker'], 'model_name_or_path: expected a model directory or a name of the hub, got none'],
  [
    ['train', 'reranker', '--config', 'none.yaml'],
    '--config: expected a YAML file, got none.yaml, which cannot be read (ENOENT)',
  ],
  [
    ['train', 'reranker', 'surplus'],
    'arguments: expected flags alone, got 1 — put values behind their flags',
  ],
  [
    ['train', '--config', 'x.yaml'],
    'train <task>: expected reranker, embedding or colbert, got the flag --config first — such as `rag train reranker --config …`',
  ],
  [['train', 'ranker'], 'got "ranker" — did you mean reranker?'],
  [['eval'], 'eval <kind>: expected reranker, embedding, colbert, compare, benchmark or run, got none'],
  [['trian'], 'got "trian" — did you mean train?'],
  [['train', 'embedding', '--max_len', '3'], '--max_len: expected a known flag'],
  [['train', 'colbert', '--mrl_dims', '8'], '--mrl_dims: expected a known flag'],
  [['rerank', '--query', 'q'], '--model: expected <name>, got none — pass --model <name>'],
  [
    ['rerank', '--model', 'm', '--query', 'q', '--passages', 'none.csv'],
    '--passages: expected a name in .jsonl, .ndjson or .txt, got none.csv',
  ],
  [
    ['rerank', '--model', 'm', '--query', 'q', '--passages', 'x', '--top_k', '0'],
    '--top_k: expected a whole number from 1, got "0"',
  ],
  [
    [],
    '<command>: expected train, doctor, eval, report, encode, distill, rerank, score, serve, mine, export, inspect, mix or cut, got none — see `rag --help`',
  ],
])('%j is one line on stderr and exit code 2', async (args, message) => {
  const { code, stderr, stdout } = await rag(...args);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^rag: [^\n]*\n$/);
  expect(stderr).toContain(message);
});

test.each([
  ['rerank', '--model', 'm', '--query', 'q', '--passages', 'none.txt'],
  ['eval', 'reranker', '--model', 'm', '--dataset', 'none.txt'],
])('%j: what is wrong with files is exit code 1', async (...args) => {
  expect(await rag(...args)).toEqual({
    code: 1,
    stdout: '',
    stderr: 'rag: none.txt: expected a file, got nothing at this path — check the path\n',
  });
});

test('a fault in a file is named by its line', async () => {
  const { stderr } = await rag('train', 'reranker', '--config', join(folder, 'bad.yaml'));
  expect(stderr).toBe(
    `rag: ${join(folder, 'bad.yaml')}:3: expected a known key, got "bacth_size" — did you mean "batch_size"?\n`,
  );
  const gap = await rag('rerank', '--model', 'm', '--query', 'q', '--passages', join(folder, 'gap.txt'));
  expect(gap.stderr).toBe(
    `rag: ${join(folder, 'gap.txt')}:2: expected a row, got an empty line — remove it\n`,
  );
  const raw = await rag('rerank', '--model', 'm', '--query', 'q', '--passages', join(folder, 'raw.jsonl'));
  expect(raw.stderr).toBe(`rag: ${join(folder, 'raw.jsonl')}:2:1: expected a JSON value, got "plain"\n`);
});

test('--verbose adds the stack', async () => {
  const { code, stderr } = await rag('train', 'reranker', '--verbose', '--lr', 'fast');
  expect(code).toBe(2);
  expect(stderr.split('\n')[0]).toContain('--lr: expected');
  expect(stderr).toContain('    at ');
});

test('a schema for editors is printed, and nothing is asked for', async () => {
  const { code, stdout } = await rag('train', 'colbert', '--print-schema');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ title: 'rag train colbert', type: 'object' });
});

test('a command of the originals runs with rag before it, and what it became is said', async () => {
  const { code, stdout, stderr } = await rag(
    ...['torchrun', '--nproc_per_node', '2', '-m', 'FlagEmbedding.finetune.reranker.encoder_only.base'],
    ...['--model_name_or_path', 'BAAI/bge-reranker-base', '--train_data', 't.jsonl', '--print-config'],
  );
  expect(code).toBe(0);
  expect(stderr).toBe(
    'running rag train reranker\n--nproc_per_node 2: processes are mpirun’s to launch (mpirun -n 2 rag train …)\n',
  );
  expect(stdout).toContain('\nepochs: 3 # passes over the data (preset flagembedding-reranker)\n');
  expect(await rag('accelerate', 'launch', 'x.py')).toMatchObject({ code: 2, stdout: '' });
});
