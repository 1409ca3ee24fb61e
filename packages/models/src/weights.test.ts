import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openCheckpoint } from './checkpoint.js';
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
