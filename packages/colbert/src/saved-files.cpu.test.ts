import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCheckpoint } from '@rag/models';
import { directorySource } from '@rag/models/node';
import { afterAll, expect, test } from 'vitest';
import { ColBERT } from './colbert.js';
import { readFiles } from './testing/directories.js';
import { FIXTURES, fixtureDirectory, openDirectory, readGolden } from './testing/open-fixture.js';
import { tinyConfig, tinySettings, tinyTokenizerFiles, tinyWeights } from './testing/tiny.js';

const root = mkdtempSync(join(tmpdir(), 'colbert-save-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const FILES: { readonly [Name in (typeof FIXTURES)[number]]: readonly string[] } = {
  'rag-retrieval': ['colbert_linear.pt', 'colbert_linear.safetensors', 'colbert_settings.json'],
  pylate: [
    '1_Dense/config.json',
    '1_Dense/model.safetensors',
    'config_sentence_transformers.json',
    'modules.json',
    'sentence_bert_config.json',
  ],
  'pylate-roberta': [
    ...[1, 2, 3].flatMap((i) => [`${i}_Dense/config.json`, `${i}_Dense/model.safetensors`]),
    'config_sentence_transformers.json',
    'modules.json',
    'sentence_bert_config.json',
  ],
  colbertv2: ['artifact.metadata'],
};
const COMMON = ['README.md', 'config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'];

test.each(FIXTURES)(
  '%s: a saved model scores the same to the bit, and saves to the same bytes',
  async (name) => {
    const { queries, passages } = readGolden(name);
    const pairs = queries.flatMap((query) => passages.map((passage) => [query, passage]));
    const model = await openDirectory(fixtureDirectory(name));
    const directory = join(root, name);
    await model.savePretrained(directory);
    const files = await readFiles(directory);
    expect(Object.keys(files)).toEqual([...FILES[name], ...COMMON].toSorted());
    const again = await openDirectory(directory, { newHead: false });
    expect(again.settings).toEqual(model.settings);
    expect(await again.computeScore(pairs)).toEqual(await model.computeScore(pairs));
    expect(await again.readWeights()).toEqual(await model.readWeights());
    await again.savePretrained(join(root, `${name}-again`));
    expect(await readFiles(join(root, `${name}-again`))).toEqual(files);
    // A directory of a checkpoint is replaced as a whole.
    await again.savePretrained(directory);
    expect(await readFiles(directory)).toEqual(files);
  },
);

test('a trained model in memory saves as RAG-Retrieval does, under the class that AutoModel opens', async () => {
  const [config, settings, weights] = [
    tinyConfig({ architectures: ['BertForMaskedLM'], torch_dtype: 'float16' }),
    tinySettings({ query_length: 9, document_length: 21 }),
    tinyWeights(),
  ];
  const model = await ColBERT.fromParts({ config, settings, weights, tokenizerFiles: tinyTokenizerFiles });
  const directory = join(root, 'parts');
  await model.savePretrained(directory);
  const files = await readFiles(directory);
  const saved = JSON.parse(new TextDecoder().decode(files['config.json']));
  expect(saved).toMatchObject({ architectures: ['BertModel'], torch_dtype: 'float32' });
  const again = await openDirectory(directory, { colbertDim: 8 });
  expect(again.settings).toEqual(settings);
  expect(await again.readWeights()).toEqual(weights);
  expect(await again.computeScore(['the cat', 'a cat sat'])).toBe(
    await model.computeScore(['the cat', 'a cat sat']),
  );
  model.dispose();
});

test.each(['rag-retrieval', 'colbertv2'] as const)(
  '%s: the pooler, which scores do not need, is carried from file to file and into parts',
  async (layout) => {
    const pooler = new Map([
      ['pooler.dense.weight', new Float32Array(256).fill(0.5)],
      ['pooler.dense.bias', new Float32Array(16).fill(2)],
    ]);
    const source = await openDirectory(fixtureDirectory(layout));
    const model = await ColBERT.fromParts({ ...(await source.readParts()), pooler });
    const directory = join(root, `pooler-${layout}`);
    await model.savePretrained(directory);
    model.dispose();
    const { tensors } = await openCheckpoint(await directorySource(directory));
    const prefix = layout === 'colbertv2' ? 'bert.' : '';
    expect(tensors.names).toContain(`${prefix}pooler.dense.weight`);
    expect(await tensors.read(`${prefix}pooler.dense.bias`)).toEqual(pooler.get('pooler.dense.bias'));
    const again = await openDirectory(directory);
    expect((await again.readParts()).pooler).toEqual(pooler);
  },
);

test('foreign files are not replaced, keys that are not ours are kept', async () => {
  const model = await openDirectory(fixtureDirectory('colbertv2'));
  await expect(model.savePretrained(root)).rejects.toThrow(
    'expected an empty directory or an earlier checkpoint',
  );
  const files = await readFiles(join(root, 'colbertv2'));
  const metadata = JSON.parse(new TextDecoder().decode(files['artifact.metadata']));
  expect(metadata).toMatchObject({
    query_token: '[Q]',
    query_token_id: '[unused0]',
    dim: 8,
    query_maxlen: 14,
  });
});
