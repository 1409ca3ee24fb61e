import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openCheckpoint, type TensorIndex } from '../checkpoint.js';
import { directorySource } from '../node/directory-source.js';
import { plainXlmRoberta } from './plain-xlm-roberta.js';

const fixture = new URL('../fixtures/jina_xlm_roberta/', import.meta.url);
const open = async () => {
  const { tensors } = await openCheckpoint(await directorySource(fileURLToPath(fixture)));
  return { tensors, plain: plainXlmRoberta(tensors) };
};

test('every tensor has its name and shape of transformers, and no other is left', async () => {
  const { plain } = await open();
  const { parameters } = JSON.parse(readFileSync(new URL('golden.json', fixture), 'utf8'));
  expect(Object.fromEntries(plain.names.map((name) => [name, plain.shape(name)]))).toEqual(parameters);
  expect(plain.names.every((name) => plain.has(name) && plain.dtype(name) === 'F32')).toBe(true);
  expect(plain.has('roberta.encoder.layers.0.mixer.Wqkv.weight')).toBe(false);
});

test('queries, keys and values are thirds of the packed rows, in place', async () => {
  const { tensors, plain } = await open();
  const packed = 'roberta.encoder.layers.1.mixer.Wqkv.weight';
  const whole = await tensors.read(packed);
  const at = tensors.location(packed)!;
  for (const [third, part] of ['query', 'key', 'value'].entries()) {
    const name = `roberta.encoder.layer.1.attention.self.${part}.weight`;
    expect(await plain.read(name)).toEqual(whole.slice(third * 256, (third + 1) * 256));
    expect(plain.location(name)).toEqual({ ...at, offset: at.offset + third * 1024, length: 1024 });
  }
  expect(plain.location('roberta.encoder.layer.1.intermediate.dense.bias')).toEqual(
    tensors.location('roberta.encoder.layers.1.mlp.fc1.bias'),
  );
});

test('thirds of packed rows with an adapter have their third of it', async () => {
  const { tensors } = await open();
  const packed = 'roberta.encoder.layers.1.mixer.Wqkv.weight';
  const location = tensors.location(packed)!;
  const right = Float32Array.of(7);
  const adapters = async () => [{ left: Float32Array.of(1, 2, 3), right, rank: 1, scaling: 2 }];
  const plain = plainXlmRoberta({
    ...tensors,
    location: () => undefined,
    parts: (name) => (name === packed ? { location, adapters } : undefined),
  });
  const parts = plain.parts!('roberta.encoder.layer.1.attention.self.key.weight')!;
  expect(parts.location).toEqual({ ...location, offset: location.offset + 1024, length: 1024 });
  expect(await parts.adapters()).toEqual([{ left: Float32Array.of(2), right, rank: 1, scaling: 2 }]);
  expect(plain.parts!('roberta.encoder.layer.1.intermediate.dense.bias')).toBeUndefined();
});

test('a bare encoder’s names have no prefix; other tensors keep theirs', () => {
  const shapes: Record<string, number[]> = {
    'emb_ln.bias': [4],
    'encoder.layers.10.mixer.Wqkv.bias': [12],
    'encoder.layers.10.mlp.fc2.weight': [4, 6],
    'lm_head.layer_norm.weight': [4],
    'linear.weight': [2, 4],
  };
  const index = {
    names: Object.keys(shapes),
    shape: (name: string) => shapes[name]!,
  } as unknown as TensorIndex;
  const plain = plainXlmRoberta(index);
  expect(plain.names).toEqual([
    'embeddings.LayerNorm.bias',
    ...['query', 'key', 'value'].map((part) => `encoder.layer.10.attention.self.${part}.bias`),
    'encoder.layer.10.output.dense.weight',
    'lm_head.layer_norm.weight',
    'linear.weight',
  ]);
  expect(plain.shape('encoder.layer.10.attention.self.key.bias')).toEqual([4]);
});

test('packed rows that are not three equal parts are refused', () => {
  const index = { names: ['encoder.layers.0.mixer.Wqkv.bias'], shape: () => [10] } as unknown as TensorIndex;
  expect(() => plainXlmRoberta(index)).toThrow(
    'encoder.layers.0.mixer.Wqkv.bias: expected queries, keys and values, three equal parts of its rows, got [10]',
  );
});
