import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openCheckpoint, type TensorIndex } from './checkpoint.js';
import { parseEncoderConfig } from './config.js';
import { memorySource } from './file-source.js';
import { weightsInMemory, weightsOfCheckpoint } from './weights.js';

const wanted = [{ name: 'a', shape: [2] }];

test('weights in memory are handed on, whole', async () => {
  const a = Float32Array.of(1, 2);
  const weights = weightsInMemory(new Map([['a', a]]), wanted);
  expect(weights.sources.get('a')).toEqual({ data: a });
  expect(await weights.read('a')).toBe(a);
  expect(() => weightsInMemory(new Map(), wanted)).toThrow('expected 2 elements [2] of "a", got no such');
  expect(() => weightsInMemory(new Map([...weights.sources.keys(), 'b'].map((n) => [n, a])), wanted)).toThrow(
    'got "b" — leave them out',
  );
});

test('an encoder alone comes out of a bare checkpoint under its own names', async () => {
  const file = (name: string) => new URL(`./fixtures/bert-encoder/${name}`, import.meta.url);
  const checkpoint = await openCheckpoint(
    memorySource({
      'config.json': readFileSync(file('config.json')),
      'model.safetensors': readFileSync(file('model.safetensors')),
    }),
  );
  const config = parseEncoderConfig(checkpoint.config);
  const name = 'embeddings.LayerNorm.weight';
  const { read, initialized, folder } = await weightsOfCheckpoint(
    checkpoint,
    config,
    checkpoint.tensors.names.map((found) => ({ name: found, shape: checkpoint.tensors.shape(found) })),
    {},
  );
  expect(await read(name)).toEqual(await checkpoint.tensors.read(name));
  expect([initialized, folder]).toEqual([[], undefined]);
});

describe('adapters', () => {
  const open = async (name: string) => {
    const file = (path: string) => new URL(`./fixtures/${name}/${path}`, import.meta.url);
    const checkpoint = await openCheckpoint(
      memorySource({
        'config.json': readFileSync(file('config.json')),
        'model.safetensors': readFileSync(file('model.safetensors')),
      }),
    );
    return { checkpoint, config: parseEncoderConfig(checkpoint.config) };
  };
  const spec = { name: 'roberta.encoder.layers.0.mlp.fc1.weight', shape: [24, 16] };

  test('are merged for the task that is asked for', async () => {
    const { checkpoint, config } = await open('jina_embeddings_v3-published');
    const options = { newHead: true };
    const read = async (task?: string) => {
      const weights = await weightsOfCheckpoint(
        { ...checkpoint, tensors: only(checkpoint.tensors, 'fc1.') },
        config,
        [spec],
        { ...options, ...(task === undefined ? {} : { task }) },
      );
      return weights.read(spec.name);
    };
    const stem = spec.name.replace('.weight', '.parametrizations.weight.original');
    expect(await read()).toEqual(await checkpoint.tensors.read(stem));
    expect(await read('separation')).not.toEqual(await read());
    expect(await read('separation')).not.toEqual(await read('retrieval.passage'));
  });

  test('of a family without any are refused', async () => {
    const { checkpoint, config } = await open('bert-encoder');
    await expect(weightsOfCheckpoint(checkpoint, config, [], { task: 'separation' })).rejects.toThrow(
      'task: expected none for a model of type "bert", which has no adapters, got "separation"',
    );
  });
});

/** The tensors of layer 0 whose names have `part`. */
const only = (tensors: TensorIndex, part: string): TensorIndex => ({
  ...tensors,
  names: tensors.names.filter((name) => name.includes('layers.0.') && name.includes(`${part}param`)),
});
