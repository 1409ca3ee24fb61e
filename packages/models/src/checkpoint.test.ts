import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openCheckpoint } from './checkpoint.js';
import { parseEncoderConfig } from './config.js';
import { memorySource } from './file-source.js';
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
        const { file, offset, length, dtype } = tensors.location(tensor);
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
  expect(tensors.location('b').file).toBe('s2.safetensors');
  const both = memorySource({ ...files, 'model.safetensors': await safetensorsBytes([tensor('c')]) });
  expect((await openCheckpoint(both)).tensors.names).toEqual(['c']);
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
    { 'config.json': '{}', 'pytorch_model.bin': '' },
    /model\.safetensors: .* got config\.json, pytorch_model\.bin/,
  ],
  [
    'a config that is a list',
    { 'config.json': '[]', 'model.safetensors': '' },
    /config\.json: expected a JSON object/,
  ],
])('%s is an error that says what was found', async (_, files, message) => {
  await expect(openCheckpoint(memorySource(files))).rejects.toThrow(message);
});
