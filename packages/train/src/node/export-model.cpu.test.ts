import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AutoModel,
  AutoModelForSequenceClassification,
  AutoTokenizer,
  env,
  type Tensor,
} from '@huggingface/transformers';
import { ColBERT } from '@rag/colbert';
import { Embedding } from '@rag/embedding';
import { CrossEncoder } from '@rag/reranker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStartingModel } from '../recipes/starting-model.js';
import { runRag } from '../testing/run-rag.js';
import { writeTinyColbert, writeTinyEmbedding } from '../testing/tiny-retrievers.js';
import { exampleData, writeTinyRun } from '../testing/tiny-run.js';
import { nodeFiles } from './node-files.js';

env.allowRemoteModels = false;

let folder: string;
const at = (...names: string[]) => join(folder, ...names);
const tasks = ['reranker', 'embedding', 'colbert'] as const;
type Task = (typeof tasks)[number];
const rows: Record<Task, string> = {
  reranker: '',
  embedding: exampleData('triplet.jsonl'),
  colbert: exampleData('triplet.jsonl'),
};
/** Fresh weights score everything alike: their ranks say little. */
const loose: Record<Task, readonly string[]> = {
  reranker: ['--least_spearman', '-1'],
  embedding: ['--least_cosine', '0.5', '--least_overlap', '0'],
  colbert: ['--least_spearman', '-1', '--least_overlap', '0'],
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-narrow-'));
  const { model: config, val } = await writeTinyRun(folder);
  rows.reranker = val;
  await writeTinyEmbedding(config, at('embedding'));
  await writeTinyColbert(config, at('colbert'));
  const start = { modelNameOrPath: config, initFromConfig: true, seed: 3 };
  const { model } = await openStartingModel(nodeFiles, start, { threads: 1 });
  await model.savePretrained(at('reranker'));
  model.dispose();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const files = {
  fp32: 'model.onnx',
  fp16: 'model_fp16.onnx',
  q8: 'model_quantized.onnx',
  q4: 'model_q4.onnx',
};
const dtypes = ['fp32', 'fp16', 'q8', 'q4'] as const;
const query = 'how does it work';
const passage = 'it works well';

/** What a model gives, by our class: a score, a vector, or the token vectors of a passage. */
const ours = {
  async reranker(path: string) {
    const model = await CrossEncoder.fromPretrained(path, { newHead: false, threads: 1 });
    const score = await model.computeScore([query, passage]);
    model.dispose();
    return [score];
  },
  async embedding(path: string) {
    const model = await Embedding.fromPretrained(path, { threads: 1 });
    const vector = await model.encode(passage);
    model.dispose();
    return [...vector];
  },
  async colbert(path: string) {
    const model = await ColBERT.fromPretrained(path, { newHead: false, threads: 1 });
    const [vectors] = await model.encodePassages([passage]);
    model.dispose();
    return [...vectors!.data.subarray(0, vectors!.dim)];
  },
};

/** And by transformers.js, from the file of a dtype. */
async function theirs(task: Task, path: string, dtype: (typeof dtypes)[number]): Promise<number[]> {
  const tokenizer = await AutoTokenizer.from_pretrained(path, { local_files_only: true });
  const options = { dtype, local_files_only: true, session_options: { intraOpNumThreads: 1 } };
  const model =
    task === 'reranker'
      ? await AutoModelForSequenceClassification.from_pretrained(path, options)
      : await AutoModel.from_pretrained(path, options);
  const inputs = task === 'reranker' ? tokenizer(query, { text_pair: passage }) : tokenizer(passage);
  const found: Record<string, Tensor> = await model(inputs);
  await model.dispose();
  const { logits, sentence_embedding, token_embeddings } = found;
  return [...((logits ?? sentence_embedding ?? token_embeddings)!.data as Float32Array)];
}

test.each(tasks)('%s: every dtype in one call, each opened by transformers.js by its name', async (task) => {
  const output = at(`${task}-exported`);
  const { code, stdout, stderr } = await runRag(
    ...['export', '--model', at(task), '--output', output, '--dtype', 'q8,q4', 'fp32', 'fp16'],
    ...['--eval_data', rows[task], ...loose[task]],
  );
  expect([code, stderr]).toEqual([0, '']);
  expect((await readdir(join(output, 'onnx'))).sort()).toEqual(Object.values(files).sort());
  const lines = stdout.trimEnd().split('\n').slice(1);
  for (const [i, dtype] of dtypes.entries()) {
    const path = join(output, 'onnx', files[dtype]);
    const size = ((await stat(path)).size / 1e6).toFixed(1);
    const measured =
      dtype === 'fp32' ? '–' : task === 'embedding' ? 'cosine [01]\\.\\d+, .*' : 'max .*spearman .*';
    expect(lines[i]).toMatch(new RegExp(`^${dtype} +${size} MB {2}\\d+\\.\\d\\d× {2}${measured} {2}`));
    expect(lines[i]).toContain(path);
  }
  // A score, a vector, or the vector of the first token that counts, which is one of all tokens.
  const exact = await ours[task](output);
  for (const dtype of dtypes) {
    const values = await theirs(task, output, dtype);
    const width = exact.length;
    const distances = Array.from({ length: values.length / width }, (_, token) =>
      Math.max(...exact.map((value, i) => Math.abs(value - values[token * width + i]!))),
    );
    expect(Math.min(...distances)).toBeLessThan({ fp32: 1e-5, fp16: 2e-3, q8: 0.05, q4: 0.3 }[dtype]);
  }
  expect(await readdir(folder)).not.toContainEqual(expect.stringContaining('-export-'));
});

test.each([
  ['reranker', '--least_spearman'],
  ['embedding', '--least_cosine'],
  ['colbert', '--least_overlap'],
] as const)('%s: a refused dtype leaves nothing behind, not even the others', async (task, flag) => {
  const { code, stdout, stderr } = await runRag(
    ...['export', '--model', at(task), '--output', at('refused'), '--dtype', 'fp16', 'q4'],
    ...['--eval_data', rows[task], ...loose[task], flag, '1.01'],
  );
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(
    /^rag: fp16: expected .* of at least 1\.01, got [01]\.\d+ on \d+ inputs \(.*\) — take a wider dtype/,
  );
  expect(stderr).toContain(`accept the loss by ${flag}`);
  expect((await readdir(folder)).filter((name) => name.includes('refused'))).toEqual([]);
});

test.each([
  [['--dtype', 'int8'], '--dtype: expected some of fp32, fp16, q8, q4, got "int8"'],
  [['--dtype', 'q8'], '--eval_data: expected rows to judge q8 on, got none'],
  [
    ['--dtype', 'q8', '--eval_data', 'VAL', '--least_cosine', '0.9'],
    '--least_cosine: expected --least_spearman for a reranker',
  ],
])('what does not fit together is told: %j', async (flags, message) => {
  const given = flags.map((flag) => (flag === 'VAL' ? rows.reranker : flag));
  const { code, stderr } = await runRag('export', '--model', at('reranker'), '--output', at('odd'), ...given);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
  expect(await readdir(folder)).not.toContain('odd');
});

test('too few rows say nothing', async () => {
  await writeFile(at('few.jsonl'), '{"text": "one"}\n{"text": "two"}\n');
  const { code, stderr } = await runRag(
    ...['export', '--model', at('embedding'), '--output', at('few'), '--dtype', 'q8'],
    ...['--eval_data', at('few.jsonl')],
  );
  expect([code, stderr]).toEqual([1, expect.stringContaining('expected two lists of at least 4, got 2')]);
});
