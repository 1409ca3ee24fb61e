import { memorySource, openCheckpoint } from '@rag/models';
import { describe, expect, it } from 'vitest';
import { poolerOf, poolerParameters } from './pooler.js';
import { tinyConfig } from './testing/tiny.js';
import { tinyCheckpoint } from './testing/tiny-checkpoint.js';

const config = tinyConfig();
const tensors = poolerParameters(config).map(({ name, shape }, i) => ({
  name,
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b)).fill(i + 1),
}));
const open = async (options: Parameters<typeof tinyCheckpoint>[0]) =>
  poolerOf(await openCheckpoint(memorySource(await tinyCheckpoint(options))), config);

it('is read under its bare name, or behind the prefix of a task model', async () => {
  for (const prefix of ['', 'bert.']) {
    const pooler = await open({
      nameOf: (name) => prefix + name,
      tensors: tensors.map((tensor) => ({ ...tensor, name: prefix + tensor.name })),
    });
    expect([...pooler.keys()]).toEqual(['pooler.dense.weight', 'pooler.dense.bias']);
    expect(await pooler.get('pooler.dense.bias')!()).toEqual(tensors[1]!.data);
  }
});

it('a checkpoint without one has none', async () => {
  expect((await open({})).size).toBe(0);
});

describe('half a pooler, or one of another model, is an error', () => {
  it.each([
    [
      'half',
      tensors.slice(1),
      'pooler.dense.bias: expected a pooler of weight [16,16] and bias, got one of them',
    ],
    [
      'another width',
      [tensors[0]!, { ...tensors[1]!, shape: [8], data: new Float32Array(8) }],
      'pooler.dense.bias: expected a pooler of weight [16,16] and bias, got [8]',
    ],
  ])('%s', async (_, given, message) => {
    await expect(open({ tensors: given })).rejects.toThrow(message);
  });
});
