import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ColBERT } from '@rag/colbert';
import { Embedding } from '@rag/embedding';
import { CrossEncoder } from '@rag/reranker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStartingModel } from '../recipes/starting-model.js';
import { runRag } from '../testing/run-rag.js';
import { writeTinyColbert, writeTinyEmbedding } from '../testing/tiny-retrievers.js';
import { writeTinyRun } from '../testing/tiny-run.js';
import { nodeFiles } from './node-files.js';

let folder: string;
let config: string;
const at = (...names: string[]) => join(folder, ...names);
const classes = { reranker: CrossEncoder, embedding: Embedding, colbert: ColBERT } as const;
type Task = keyof typeof classes;
const tasks = Object.keys(classes) as Task[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-export-'));
  config = (await writeTinyRun(folder)).model;
  await writeTinyEmbedding(config, at('embedding'));
  await writeTinyColbert(config, at('colbert'));
  const start = { modelNameOrPath: config, initFromConfig: true, seed: 3 };
  const { model } = await openStartingModel(nodeFiles, start, { threads: 1 });
  await model.savePretrained(at('reranker'));
  model.dispose();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(tasks)(
  '%s: export writes a directory that is verified, inspected and exported over again',
  async (task) => {
    const output = at(`${task}-exported`);
    const flags = ['export', '--model', at(task), '--output', output];
    const { code, stdout, stderr } = await runRag(...flags);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(join(output, 'onnx', 'model.onnx'));
    const inspected = await runRag('inspect', output);
    expect([inspected.code, inspected.stderr]).toEqual([0, '']);
    expect(inspected.stdout).toContain(`task        ${task}, by `);
    expect(inspected.stdout).toContain(`opens with  ${classes[task].name}\n`);
    expect(inspected.stdout).toMatch(/onnx {8}onnx\/model\.onnx \d+\.\d MB\n/);
    expect(inspected.stdout).toMatch(
      /licence {5}not stated\nrecords {5}(README.md, golden.json|golden.json, README.md)\n/,
    );
    const json = JSON.parse((await runRag('inspect', output, '--json')).stdout);
    expect(json).toMatchObject({ task, opensWith: classes[task].name, sizes: { hidden_size: 32 } });
    const again = await runRag(...flags, '--external_data');
    expect([again.code, again.stderr]).toEqual([0, '']);
    expect((await readdir(join(output, 'onnx'))).sort()).toEqual(['model.onnx', 'model.onnx_data']);
    const model = await classes[task].fromPretrained(output, { verify: true });
    // Saving over it takes the models of the older weights away.
    await model.savePretrained(output);
    model.dispose();
    expect(await readdir(output)).not.toContain('onnx');
    expect(await readdir(output)).not.toContain('golden.json');
    await expect(classes[task].fromPretrained(output, { verify: true })).rejects.toThrow('golden: true');
  },
);

test.each(tasks)('%s: verify refuses other weights and another tokenizer', async (task) => {
  const output = at(`${task}-changed`);
  await runRag('export', '--model', at(task), '--output', output);
  const open = () => classes[task].fromPretrained(output, { verify: true });
  const changing = async (name: string, edit: (bytes: Buffer) => Buffer, message: string) => {
    const original = await readFile(join(output, name));
    await writeFile(join(output, name), edit(Buffer.from(original)));
    await expect(open()).rejects.toThrow(message);
    await writeFile(join(output, name), original);
  };
  await changing(
    'model.safetensors',
    (bytes) => bytes.fill(0, bytes.length >> 1),
    'cases[0]: expected output',
  );
  await changing(
    'tokenizer.json',
    (bytes) => Buffer.from(bytes.toString().replace('"lowercase":true', '"lowercase":false')),
    'expected token ids',
  );
  (await open()).dispose();
});

test.each(
  tasks.flatMap((task) => tasks.filter((other) => other !== task).map((other) => [task, other] as const)),
)('a directory of a %s is refused by the class of a %s, which says what opens it', async (task, other) => {
  await expect(classes[other].fromPretrained(at(task))).rejects.toThrow(`got one of task "${task}" by `);
  await expect(classes[other].fromPretrained(at(task))).rejects.toThrow(`open it with ${classes[task].name}`);
});

test('licence and base go with an export, metrics of other weights do not', async () => {
  const output = at('licensed');
  const model = at('reranker');
  const card = '---\nlicense: mit\nbase_model: org/base\nmodel-index: []\n---\nmrr@10 0.9\n';
  const run = () => runRag('export', '--model', model, '--output', output);
  await writeFile(join(model, 'README.md'), card);
  await writeFile(join(model, 'LICENSE'), 'MIT');
  expect(await run()).toMatchObject({ code: 0, stderr: '' });
  const written = await readFile(join(output, 'README.md'), 'utf8');
  for (const line of ['license: mit\n', 'base_model: org/base\n', '{ verify: true }'])
    expect(written).toContain(line);
  expect(written).not.toMatch(/mrr|model-index/);
  expect(await readFile(join(output, 'LICENSE'), 'utf8')).toBe('MIT');
  // A card of an earlier model does not outlive it, beside other files either.
  await writeFile(join(output, 'README.md'), card);
  await writeFile(join(output, 'mine.txt'), '');
  const opened = await classes.reranker.fromPretrained(model);
  await opened.savePretrained(output, { overwrite: true });
  opened.dispose();
  expect(await readFile(join(output, 'README.md'), 'utf8')).not.toMatch(/mrr|verify/);
  for (const name of ['README.md', 'LICENSE']) await rm(join(model, name));
});

test('a directory that holds other files is written into with --overwrite alone', async () => {
  const output = at('noted');
  const run = (...flags: string[]) =>
    runRag('export', '--model', at('reranker'), '--output', output, ...flags);
  expect(await run()).toMatchObject({ code: 0, stderr: '' });
  await writeFile(join(output, 'NOTES.md'), 'mine');
  expect(await run()).toMatchObject({
    code: 1,
    stderr: `rag: ${output}: expected an empty directory or an earlier checkpoint, got one that holds NOTES.md — choose another directory or pass --overwrite\n`,
  });
  expect(await run('--overwrite')).toMatchObject({ code: 0, stderr: '' });
  expect(await readFile(join(output, 'NOTES.md'), 'utf8')).toBe('mine');
  (await classes.reranker.fromPretrained(output, { verify: true })).dispose();
});

test('a model is not exported into its own directory', async () => {
  const model = at('reranker');
  const { code, stderr } = await runRag(
    'export',
    '--model',
    model,
    '--output',
    join(model, '.'),
    '--overwrite',
  );
  expect([code, stderr]).toEqual([
    2,
    expect.stringContaining("--output: expected another directory than the model's own"),
  ]);
});

test('a bare encoder is not exported, and is told', async () => {
  const { code, stderr } = await runRag('export', '--model', config, '--output', at('none'));
  expect(code).toBe(1);
  expect(stderr).toContain(
    `${config}: expected a reranker, an embedding or a ColBERT model, got one of task "encoder"`,
  );
  expect(await readdir(folder)).not.toContain('none');
});
