import { expect, test } from 'vitest';
import { memorySource } from './file-source.js';
import { readTensor } from './safetensors.js';
import { readShardIndex } from './safetensors-index.js';
import { safetensorsBytes } from './safetensors-write.js';

const shard = (...names: string[]) =>
  safetensorsBytes(names.map((name) => ({ name, shape: [1], data: Float32Array.of(name.charCodeAt(0)) })));

async function open(weight_map: unknown) {
  const source = memorySource({
    'index.json': JSON.stringify({ metadata: { total_size: 12 }, weight_map }),
    's1.safetensors': await shard('a', 'b'),
    's2.safetensors': await shard('c'),
  });
  return { source, tensors: await readShardIndex(source, 'index.json') };
}

test('tensors are found in their shards', async () => {
  const { source, tensors } = await open({ a: 's1.safetensors', c: 's2.safetensors', b: 's1.safetensors' });
  expect([...tensors.values()].map(({ name, file }) => [name, file])).toEqual([
    ['a', 's1.safetensors'],
    ['b', 's1.safetensors'],
    ['c', 's2.safetensors'],
  ]);
  expect(Array.from(await readTensor(source, tensors.get('c')!))).toEqual([99]);
});

test.each<[string, unknown, RegExp]>([
  ['no map', undefined, /"weight_map" to map tensor names to files, got nothing/],
  ['a map of lists', { a: ['s1.safetensors'] }, /"a": expected a file name/],
  [
    'a name its shard lacks',
    { a: 's1.safetensors', b: 's1.safetensors', c: 's1.safetensors' },
    /"c": .* without it/,
  ],
  ['a tensor left out', { a: 's1.safetensors', c: 's2.safetensors' }, /"b": .* got nothing/],
  ['a missing shard', { a: 's9.safetensors' }, /s9\.safetensors: expected a file of this name/],
  ['a shard outside', { a: '../s1.safetensors' }, /relative path inside the checkpoint/],
  ['an absolute shard', { a: '/etc/passwd' }, /relative path inside the checkpoint/],
])('%s is an error', async (_, weight_map, message) => {
  await expect(open(weight_map)).rejects.toThrow(message);
});
