import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openCheckpoint, type TensorIndex } from './checkpoint.js';
import { parseEncoderConfig } from './config.js';
import { memorySource } from './file-source.js';
import { poolerOf, poolerParameters } from './pooler.js';
import { safetensorsBytes } from './safetensors-write.js';

const json = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`./fixtures/${name}/config.json`, import.meta.url), 'utf8'));
const config = parseEncoderConfig(json('bert'));
const tensors = poolerParameters(config).map(({ name, shape }, i) => ({
  name,
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b)).fill(i + 1),
}));
const open = async (given: typeof tensors) =>
  poolerOf(
    await openCheckpoint(
      memorySource({
        'config.json': JSON.stringify(json('bert')),
        'model.safetensors': await safetensorsBytes(given),
      }),
    ),
    config,
  );

it('is read under its bare name, or behind the prefix of a task model', async () => {
  for (const prefix of ['', 'bert.']) {
    const pooler = await open(tensors.map((tensor) => ({ ...tensor, name: prefix + tensor.name })));
    expect([...pooler.keys()]).toEqual(['pooler.dense.weight', 'pooler.dense.bias']);
    expect(await pooler.get('pooler.dense.bias')!()).toEqual(tensors[1]!.data);
  }
});

it('a checkpoint without one has none', async () => {
  expect((await open([{ ...tensors[1]!, name: 'other' }])).size).toBe(0);
});

it('has the name that the family’s encoder gives it, or is not of it', () => {
  const nameOf = (name: string) => poolerParameters(parseEncoderConfig(json(name))).map((spec) => spec.name);
  expect(nameOf('albert')).toEqual(['pooler.weight', 'pooler.bias']);
  for (const name of [
    'roberta',
    'xlm-roberta',
    'mpnet',
    'jina_bert',
    'jina_xlm_roberta',
    'jina_embeddings_v3',
  ])
    expect(nameOf(name)).toEqual(['pooler.dense.weight', 'pooler.dense.bias']);
  for (const name of ['distilbert', 'electra', 'deberta-v2', 'modernbert', 'gte', 'new', 'nomic_bert'])
    expect(nameOf(name)).toEqual([]);
});

it('of a classifier whose pooler is not the encoder’s stays where it is', () => {
  const deberta = parseEncoderConfig(json('deberta-v2'));
  const index = { names: ['pooler.dense.weight'], has: () => true } as unknown as TensorIndex;
  const checkpoint = { tensors: index, config: {} } as Parameters<typeof poolerOf>[0];
  expect(poolerOf(checkpoint, deberta).size).toBe(0);
});

describe('half a pooler, or one of another model, is an error', () => {
  it.each([
    [
      'half',
      tensors.slice(1),
      'pooler.dense.bias: expected a pooler of weight [32,32] and bias, got one of them',
    ],
    [
      'another width',
      [tensors[0]!, { ...tensors[1]!, shape: [8], data: new Float32Array(8) }],
      'pooler.dense.bias: expected a pooler of weight [32,32] and bias, got [8]',
    ],
  ])('%s', async (_, given, message) => {
    await expect(open(given)).rejects.toThrow(message);
  });
});
