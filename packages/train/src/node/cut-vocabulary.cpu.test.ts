import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ColBERT } from '@rag/colbert';
import { Embedding } from '@rag/embedding';
import { CrossEncoder } from '@rag/reranker';
import { wordPieceTokenizerJson } from '@rag/text';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStartingModel } from '../recipes/starting-model.js';
import { runRag } from '../testing/run-rag.js';
import { writeTinyColbert, writeTinyEmbedding } from '../testing/tiny-retrievers.js';
import { writeTinyRun } from '../testing/tiny-run.js';
import { cutVocabulary } from './cut-vocabulary.js';
import { nodeFiles } from './node-files.js';

let folder: string;
const at = (...names: string[]) => join(folder, ...names);
const corpus = ['how fast does a cat run', '猫为什么跑得快', 'unheard-of zebras 𠮷', 'A Cat.'];

/** Words of which the corpus has some, and what they are spelled by otherwise. */
const vocabulary = [
  ...['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '[unused0]', '[unused1]', 'moon', 'made', 'water'],
  ...['how', 'fast', 'does', 'cat', 'run', 'why', 'heard', '##ard', 'zebra', '##s', 'unh', '##eard', 'wat'],
  ...['the', 'is', 'of', 'quick', '##ly', 'sun', 'stars', 'far', 'away', 'to', 'from', 'tall', 'small'],
  ...[...'abcdefghijklmnopqrstuvwxyz.-:'].flatMap((letter) => [letter, `##${letter}`]),
  ...'猫为什么跑得',
];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-cut-'));
  const { model: config } = await writeTinyRun(folder);
  const json = wordPieceTokenizerJson(vocabulary, { lowercase: true });
  await writeFile(join(config, 'tokenizer.json'), JSON.stringify(json));
  const stated = JSON.parse(await readFile(join(config, 'config.json'), 'utf8'));
  await writeFile(
    join(config, 'config.json'),
    JSON.stringify({ ...stated, vocab_size: vocabulary.length + 3, mask_token_id: 4 }),
  );
  await writeTinyEmbedding(config, at('embedding'), { query: 'why: ' });
  await writeTinyColbert(config, at('colbert'));
  const start = { modelNameOrPath: config, initFromConfig: true, seed: 3 };
  const { model } = await openStartingModel(nodeFiles, start, { threads: 1 });
  await model.savePretrained(at('reranker'), { golden: true });
  model.dispose();
  const [first, second, ...rest] = corpus;
  const rows = [{ query: first, pos: [second], hits: [{ content: rest[0], label: 1 }] }, rest[1]];
  await writeFile(at('corpus.jsonl'), `${rows.map((row) => JSON.stringify(row)).join('\n')}\n\n`);
  await writeFile(at('held-out.txt'), 'how fast\nthe moon is made of water\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What a model gives for the corpus, all numbers in one list. */
const outputs = {
  async reranker(path: string) {
    const model = await CrossEncoder.fromPretrained(path, { newHead: false, threads: 1 });
    const scores = await model.computeScore(corpus.map((text) => [corpus[0]!, text]));
    model.dispose();
    return scores;
  },
  async embedding(path: string) {
    const model = await Embedding.fromPretrained(path, { threads: 1 });
    const vectors = [...(await model.encode(corpus)), ...(await model.encodeQueries(corpus))];
    model.dispose();
    return vectors.flatMap((vector) => [...vector]);
  },
  async colbert(path: string) {
    const model = await ColBERT.fromPretrained(path, { newHead: false, threads: 1 });
    const vectors = [...(await model.encodeQueries(corpus)), ...(await model.encodePassages(corpus))];
    model.dispose();
    return vectors.flatMap(({ data }) => [...data]);
  },
};

test.each(['reranker', 'embedding', 'colbert'] as const)(
  '%s: the cut gives the same bits for its corpus, from fewer rows',
  async (task) => {
    const output = at(`${task}-cut`);
    const flags = ['--model', at(task), '--corpus', at('corpus.jsonl'), '--held_out', at('held-out.txt')];
    const { code, stdout, stderr } = await runRag('cut', ...flags, '--output', output);
    expect([code, stderr]).toEqual([0, '']);
    const json = async (path: string) => JSON.parse(await readFile(join(path, 'config.json'), 'utf8'));
    const [before, after] = [await json(at(task)), await json(output)];
    expect(after.vocab_size).toBeLessThan(before.vocab_size - 15);
    expect({ ...after, vocab_size: before.vocab_size }).toEqual(before);
    expect(stdout).toContain(`tokens      ${before.vocab_size} → ${after.vocab_size}\n`);
    expect(stdout).toContain('corpus      0 of 4 texts with other pieces (0.0 %)\n');
    expect(stdout).toMatch(/held out {4}[01] of 2 texts with other pieces/);
    expect(stdout.includes('left out    golden.json')).toBe(task === 'reranker');
    expect(await outputs[task](output)).toEqual(await outputs[task](at(task)));
    expect((await readdir(output)).sort()).toEqual(
      (await readdir(at(task))).filter((name) => name !== 'golden.json').sort(),
    );
    // Once more there is nothing to cut, and the same command replaces what it wrote.
    const again = await cutVocabulary({ model: output, corpus: [at('corpus.jsonl')], output: at('again') });
    expect(again.tokens).toEqual({ before: after.vocab_size, after: after.vocab_size });
    expect((await runRag('cut', ...flags, '--output', output)).code).toBe(0);
  },
);

test('a count cuts deeper, and says what that changes', async () => {
  const options = { model: at('reranker'), corpus: [at('corpus.jsonl')], output: at('counted') };
  const { tokens } = await cutVocabulary(options);
  const fewer = await cutVocabulary({ ...options, minCount: 2 });
  expect(fewer.tokens.after).toBeLessThan(tokens.after);
  expect(fewer.corpus.changed).toBeGreaterThan(0);
});

test.each([
  ['{"query": 5}\n', 'expected texts, got no string'],
  ['{"query": "a"\n', 'bad.jsonl:1'],
])('a corpus that says nothing is told, nothing written: %j', async (text, message) => {
  await writeFile(at('bad.jsonl'), text);
  const { code, stderr } = await runRag(
    ...['cut', '--model', at('reranker'), '--corpus', at('bad.jsonl'), '--output', at('none')],
  );
  expect(code).toBe(1);
  expect(stderr).toContain(message);
  expect(await readdir(folder)).not.toContain('none');
});
