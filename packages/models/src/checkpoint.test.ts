import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openCheckpoint, WEIGHT_FILES } from './checkpoint.js';
import { parseEncoderConfig } from './config.js';
import { memorySource } from './file-source.js';
import { float16ToFloat32, float32ToFloat16 } from './float16.js';
import { safetensorsBytes } from './safetensors-write.js';

const fixture = (name: string, file: string) =>
  new Uint8Array(readFileSync(new URL(`./fixtures/${name}/${file}`, import.meta.url)));

describe.each(['bert', 'roberta', 'xlm-roberta', 'bert-encoder'])(
  'the checkpoint that transformers wrote: %s',
  (name) => {
    const weights = fixture(name, 'model.safetensors');
    const opened = openCheckpoint(
      memorySource({ 'config.json': fixture(name, 'config.json'), 'model.safetensors': weights }),
    );

    test('has the names and shapes of its model', async () => {
      const { parameters } = JSON.parse(new TextDecoder().decode(fixture(name, 'golden.json')));
      const { config, tensors } = await opened;
      expect(parseEncoderConfig(config).vocab_size).toBe(100);
      expect(Object.fromEntries(tensors.names.map((tensor) => [tensor, tensors.shape(tensor)]))).toEqual(
        parameters,
      );
      expect(tensors.names.map((tensor) => tensors.dtype(tensor))).toContain('F32');
    });

    test('gives each tensor’s place: the bytes there are its elements', async () => {
      const { tensors } = await opened;
      for (const tensor of tensors.names) {
        const { file, offset, length, dtype } = tensors.location(tensor)!;
        expect([file, dtype]).toEqual(['model.safetensors', 'F32']);
        const elements = new Float32Array(weights.slice(offset, offset + length).buffer);
        expect(await tensors.read(tensor)).toEqual(elements);
      }
    });
  },
);

const tensor = (name: string) => ({ name, shape: [1], data: Float32Array.of(1) });

test('shards, tokenizer files as text, one file before shards', async () => {
  const files = {
    'config.json': '{"model_type":"bert"}',
    'model.safetensors.index.json': '{"weight_map":{"a":"s1.safetensors","b":"s2.safetensors"}}',
    's1.safetensors': await safetensorsBytes([tensor('a')]),
    's2.safetensors': await safetensorsBytes([tensor('b')]),
    'tokenizer.json': '{ "version" : "1.0" }',
    'vocab.txt': '[PAD]\n天\n',
    'README.md': '#',
  };
  const { config, tokenizerFiles, tensors } = await openCheckpoint(memorySource(files));
  expect(config).toEqual({ model_type: 'bert' });
  expect(tokenizerFiles).toEqual({ 'tokenizer.json': '{ "version" : "1.0" }', 'vocab.txt': '[PAD]\n天\n' });
  expect(tensors.names).toEqual(['a', 'b']);
  expect(tensors.location('b')?.file).toBe('s2.safetensors');
  const both = memorySource({ ...files, 'model.safetensors': await safetensorsBytes([tensor('c')]) });
  expect((await openCheckpoint(both)).tensors.names).toEqual(['c']);
});

const torch = (name: string) => fixture('bert-torch', name);
const SHARDS = ['pytorch_model-00001-of-00002.bin', 'pytorch_model-00002-of-00002.bin'];

test('weights of torch are those of the safetensors that they were made of', async () => {
  const original = (
    await openCheckpoint(
      memorySource({ 'config.json': '{}', 'model.safetensors': fixture('bert', 'model.safetensors') }),
    )
  ).tensors;
  const index = 'pytorch_model.bin.index.json';
  const files = { [index]: torch(index), ...Object.fromEntries(SHARDS.map((name) => [name, torch(name)])) };
  for (const [dtype, weights] of [
    ['F32', { 'pytorch_model.bin': torch('legacy.bin') }],
    ['F16', files],
  ] as const) {
    const { tensors } = await openCheckpoint(memorySource({ 'config.json': '{}', ...weights }));
    expect([...tensors.names].sort()).toEqual([...original.names].sort());
    for (const name of tensors.names) {
      expect([tensors.shape(name), tensors.dtype(name)]).toEqual([original.shape(name), dtype]);
      const expected = await original.read(name);
      const halved = dtype === 'F16' ? float16ToFloat32(float32ToFloat16(expected)) : expected;
      expect(await tensors.read(name)).toEqual(halved);
      expect(tensors.location(name)).toMatchObject({ dtype });
    }
  }
});

test('a view that skips elements is read, and has no location', async () => {
  const views = new Uint8Array(readFileSync(new URL('./fixtures/pytorch/views.pt', import.meta.url)));
  const { tensors } = await openCheckpoint(memorySource({ 'config.json': '{}', 'pytorch_model.bin': views }));
  expect(tensors.location('transposed')).toBeUndefined();
  expect(tensors.location('rows')?.length).toBe(48);
  expect(await tensors.read('transposed')).toHaveLength(24);
});

test('where several forms of weights are there, the first of WEIGHT_FILES is read and the others are not', async () => {
  const shardless = '{"weight_map":{}}';
  const files: Record<(typeof WEIGHT_FILES)[number], string | Uint8Array> = {
    'model.safetensors': await safetensorsBytes([tensor('a')]),
    'model.safetensors.index.json': shardless,
    'pytorch_model.bin': torch('legacy.bin'),
    'pytorch_model.bin.index.json': shardless,
  };
  const counts = [1, 0, 41, 0];
  for (const [i, expected] of counts.entries()) {
    const present = WEIGHT_FILES.slice(i).map((name) => [name, files[name]]);
    const { tensors } = await openCheckpoint(
      memorySource({ 'config.json': '{}', ...Object.fromEntries(present) }),
    );
    expect(tensors.names).toHaveLength(expected);
  }
});

test.each([
  ['a name that its shard lacks', { 'bert.none': SHARDS[0] }, /"bert\.none": .* got a shard without it/],
  ['a shard outside', { a: '../x.bin' }, /relative path inside the checkpoint/],
  ['a shard that is not there', { a: 'x.bin' }, /x\.bin: expected a file of this name/],
])('an index of torch files with %s is an error', async (_, weight_map, message) => {
  const source = memorySource({
    'config.json': '{}',
    'pytorch_model.bin.index.json': JSON.stringify({ weight_map }),
    [SHARDS[0]!]: torch(SHARDS[0]!),
  });
  await expect(openCheckpoint(source)).rejects.toThrow(message);
});

test('an unknown tensor name is an error', async () => {
  const { tensors } = await openCheckpoint(
    memorySource({ 'config.json': '{}', 'model.safetensors': await safetensorsBytes([tensor('a')]) }),
  );
  expect([tensors.has('a'), tensors.has('b')]).toEqual([true, false]);
  expect(() => tensors.shape('b')).toThrow(/"b": expected a name of this checkpoint/);
  expect(() => tensors.location('toString')).toThrow(RangeError);
  await expect(tensors.read('b')).rejects.toThrow(RangeError);
});

test.each<[string, Record<string, string>, RegExp]>([
  ['nothing', {}, /config\.json: expected it in the checkpoint, got an empty directory/],
  ['no config', { 'model.safetensors': '' }, /config\.json: expected it .* got model\.safetensors/],
  [
    'no weights',
    { 'config.json': '{}', 'tf_model.h5': '' },
    /model\.safetensors: expected one of .*pytorch_model\.bin.* got config\.json, tf_model\.h5/,
  ],
  [
    'a config that is a list',
    { 'config.json': '[]', 'model.safetensors': '' },
    /config\.json: expected a JSON object/,
  ],
])('%s is an error that says what was found', async (_, files, message) => {
  await expect(openCheckpoint(memorySource(files))).rejects.toThrow(message);
});
