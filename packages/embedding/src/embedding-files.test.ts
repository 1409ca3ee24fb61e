import { type FileSource, memorySource, safetensorsBytes } from '@rag/models';
import { describe, expect, it } from 'vitest';
import { embeddingFiles, headParameters, readEmbeddingFiles } from './embedding-files.js';
import type { EmbeddingHead } from './embedding-head.js';
import { defaultSettings } from './embedding-settings.js';
import { tinyConfig, tinyHead, tinyParameters } from './testing/tiny.js';

const config = tinyConfig();
const elements = new Map(tinyParameters(config).map(({ name, data }) => [name, data]));
const files = (head: EmbeddingHead = tinyHead) =>
  embeddingFiles(config, head, defaultSettings, async (name) => elements.get(name)!);
const read = (
  changed: Record<string, string | Uint8Array | undefined>,
  base: Record<string, string | Uint8Array>,
) =>
  readEmbeddingFiles(
    memorySource(
      Object.fromEntries(
        Object.entries({ ...base, ...changed }).filter(
          (entry): entry is [string, string] => entry[1] !== undefined,
        ),
      ),
    ),
    config,
  );

it('what is written is read again', async () => {
  const head: EmbeddingHead = {
    ...tinyHead,
    dense: [...tinyHead.dense, { name: 'more', in: 8, out: 3, bias: false, activation: 'identity' }],
  };
  elements.set(
    'more.linear.weight',
    Float32Array.from({ length: 24 }, (_, i) => i),
  );
  const written = await files(head);
  expect(Object.keys(written).sort()).toEqual([
    '1_Pooling/config.json',
    '2_Dense/config.json',
    '2_Dense/model.safetensors',
    '4_Normalize/config.json',
    'config_sentence_transformers.json',
    'modules.json',
    'more/config.json',
    'more/model.safetensors',
    'sentence_bert_config.json',
  ]);
  const found = await read({}, written);
  expect(found).toMatchObject({ head, settings: defaultSettings });
  expect([...found.weights.keys()]).toEqual(headParameters(head).map(({ name }) => name));
  for (const [name, data] of found.weights) expect(data).toEqual(elements.get(name));
});

describe('a bare encoder', () => {
  const source: FileSource = memorySource({ 'config.json': '{}' });
  it('has the mean, without Normalize, as sentence-transformers makes it', async () => {
    expect((await readEmbeddingFiles(source, config)).head).toEqual({
      pooling: ['mean'],
      includePrompt: true,
      dense: [],
      normalize: false,
    });
  });
  it('or the pooling that is asked for, which a directory with modules does not take', async () => {
    expect((await readEmbeddingFiles(source, config, ['cls', 'max'])).head.pooling).toEqual(['cls', 'max']);
    await expect(readEmbeddingFiles(memorySource(await files()), config, ['cls'])).rejects.toThrow(
      'pooling: expected none for a directory with modules.json, which states it, got cls — leave it out',
    );
  });
});

it('a Normalize whose empty folder was lost on the way is one all the same', async () => {
  expect((await read({ '3_Normalize/config.json': undefined }, await files())).head.normalize).toBe(true);
});

describe('files that do not fit are errors that name them', () => {
  const tensors = (changes: { name: string; shape: number[] }[]) =>
    safetensorsBytes(
      changes.map((tensor) => ({ ...tensor, data: new Float32Array(tensor.shape.reduce((a, b) => a * b)) })),
    );
  const weight = { name: 'linear.weight', shape: [8, 16] };
  const bias = { name: 'linear.bias', shape: [8] };

  it.each([
    [
      'transposed',
      [{ ...weight, shape: [16, 8] }, bias],
      '2_Dense/model.safetensors: "linear.weight" expected a tensor [8,16], got [16,8]',
    ],
    ['no bias', [weight], '"linear.bias" expected a tensor [8], got nothing'],
    [
      'another tensor',
      [weight, bias, { name: 'residual.weight', shape: [8, 16] }],
      'got ["residual.weight"]',
    ],
  ])('%s', async (_, changes, message) => {
    await expect(
      read({ '2_Dense/model.safetensors': await tensors(changes) }, await files()),
    ).rejects.toThrow(message);
  });

  it.each([
    [
      { '2_Dense/model.safetensors': undefined },
      '2_Dense: expected model.safetensors or pytorch_model.bin, got config.json',
    ],
    [{ '2_Dense/config.json': undefined }, '2_Dense/config.json: expected a file of this name'],
    [{ '1_Pooling/config.json': undefined }, '1_Pooling/config.json: expected a file of this name'],
    [
      { '1_Pooling/config.json': '{"word_embedding_dimension":8}' },
      '1_Pooling/config.json: "embedding_dimension"',
    ],
    [{ '2_Dense/config.json': '{"in_features":8,"out_features":8}' }, '2_Dense: expected in_features 16'],
    [
      { '3_Normalize/config.json': '{"module_input_name":"token_embeddings"}' },
      '3_Normalize/config.json: "module_input_name"',
    ],
    [{ 'modules.json': '[]' }, 'modules.json'],
  ])('%j', async (changed, message) => {
    await expect(read(changed, await files())).rejects.toThrow(message);
  });

  it('a folder outside the directory', async () => {
    const written = await files();
    const modules = (written['modules.json'] as string).replace('"2_Dense"', '"../2_Dense"');
    await expect(read({ 'modules.json': modules }, written)).rejects.toThrow(/relative path inside/);
  });
});
