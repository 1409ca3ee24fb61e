import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openCheckpoint } from '../checkpoint.js';
import { memorySource } from '../file-source.js';
import { float32ToBfloat16, float32ToFloat16 } from '../float16.js';
import { readPytorchFile } from '../pytorch-file.js';
import { readSafetensorsHeader, readTensor } from '../safetensors.js';
import { safetensorsBytes } from '../safetensors-write.js';
import { torchArchive } from '../torch-archive.js';
import { type MixedCheckpoint, type MixModel, openMixture } from './mix.js';
import { MixError } from './mix-error.js';

// Of no architecture that this package knows: a mix needs none.
const config = { model_type: 'toy', hidden_size: 5, torch_dtype: 'float16', transformers_version: '4.40.0' };
const fixture = (name: string) => readFile(new URL(`fixtures/${name}.safetensors`, import.meta.url));

const model = (
  name: string,
  weights: Uint8Array,
  files: Record<string, string | Uint8Array> = {},
): MixModel => ({
  name,
  source: memorySource({
    'config.json': JSON.stringify(config),
    'model.safetensors': weights,
    ...files,
  }),
});

const golden = async () => {
  const names = ['first', 'second', 'third'];
  return Promise.all(names.map(async (name) => model(name, await fixture(name))));
};

/** The mix as a source again. */
const written = async ({ tensors, files, config: json }: MixedCheckpoint) =>
  memorySource({
    ...files,
    'config.json': JSON.stringify(json),
    'model.safetensors': await safetensorsBytes(tensors),
  });

const one = async (values: number[], name = 'w') =>
  safetensorsBytes([{ name, shape: [values.length], data: Float32Array.from(values) }]);

/** Σ |weight · element| of the golden models. */
async function termSizes(weights: readonly number[]): Promise<ReadonlyMap<string, Float64Array>> {
  const sizes = new Map<string, Float64Array>();
  for (const [place, { source }] of (await golden()).entries())
    for (const [name, entry] of (await readSafetensorsHeader(source, 'model.safetensors')).tensors) {
      const values = await readTensor(source, entry);
      const sum = sizes.get(name) ?? new Float64Array(values.length);
      sizes.set(
        name,
        sum.map((size, i) => size + Math.abs(weights[place]! * values[i]!)),
      );
    }
  return sizes;
}

test('a mix is numpy’s sum in float64, rounded once, and torch’s in float32 within its rounding', async () => {
  const mixture = await openMixture(await golden());
  const source = await written(await mixture.mix({ weights: [0.55, 0.3, 0.15] }));
  const found = (await readSafetensorsHeader(source, 'model.safetensors')).tensors;
  const open = async (name: string) => memorySource({ [name]: await fixture(name) });
  const size = await termSizes([0.55, 0.3, 0.15]);
  for (const name of ['exact', 'steps']) {
    const expected = await open(name);
    const { tensors } = await readSafetensorsHeader(expected, name);
    expect([...found.keys()].sort()).toEqual([...tensors.keys()].sort());
    for (const [tensor, entry] of tensors) {
      const { dtype, shape } = found.get(tensor)!;
      expect(shape).toEqual(entry.shape);
      const [ours, theirs] = [
        await readTensor(source, found.get(tensor)!),
        await readTensor(expected, entry),
      ];
      if (dtype === 'F16') expect(float32ToFloat16(ours)).toEqual(float32ToFloat16(theirs));
      else if (dtype === 'BF16') expect(float32ToBfloat16(ours)).toEqual(float32ToBfloat16(theirs));
      else if (name === 'exact') expect(ours).toEqual(theirs);
      // Three products and two sums, each rounded to float32.
      else
        for (const [i, value] of theirs.entries())
          expect(Math.abs(ours[i]! - value)).toBeLessThanOrEqual(5 * 2 ** -24 * size.get(tensor)![i]!);
    }
  }
  const dtypes = Object.fromEntries([...found].map(([name, { dtype }]) => [name, dtype]));
  expect(dtypes).toEqual({
    'encoder.layer.0.weight': 'F32',
    'encoder.layer.0.bias': 'F16',
    'encoder.layer.1.weight': 'BF16',
    // F32 in two of three.
    'encoder.layer.1.bias': 'F32',
    'embeddings.position_ids': 'I64',
  });
});

test('a weight of 1 gives the model back bit for bit, and one of 0 is not even read', async () => {
  const mixture = await openMixture([
    model('a', await one([0.1, Number.NaN, 3])),
    model('b', await one([0.2, 5, -0.75])),
  ]);
  const [tensor] = (await mixture.mix({ weights: [0, 1] })).tensors;
  expect(await (tensor!.data as () => Promise<Float32Array>)()).toEqual(Float32Array.of(0.2, 5, -0.75));
});

test('weights by layers: the first pattern that matches counts', async () => {
  const tensors = (value: number) =>
    safetensorsBytes(
      ['encoder.layer.0.w', 'encoder.layer.1.w', 'pooler.w'].map((name) => ({
        name,
        shape: [1],
        data: Float32Array.of(value),
      })),
    );
  const mixture = await openMixture([model('a', await tensors(0)), model('b', await tensors(100))]);
  const mixed = await mixture.mix({
    weights: [0.5, 0.5],
    layers: [
      { match: /layer\.0\./, weights: [0.9, 0.1] },
      { match: /layer\./g, weights: [0.25, 0.75] },
    ],
  });
  const source = await written(mixed);
  const { tensors: found } = await openCheckpoint(source);
  const values = await Promise.all(found.names.map(async (name) => [name, ...(await found.read(name))]));
  expect(Object.fromEntries(values)).toEqual({
    'encoder.layer.0.w': Math.fround(10),
    'encoder.layer.1.w': 75,
    'pooler.w': 50,
  });
  const unmatched = mixture.mix({ weights: [0.5, 0.5], layers: [{ match: /block/, weights: [1, 0] }] });
  await expect(unmatched).rejects.toThrow('layers: expected a pattern that matches a tensor, got /block/');
});

test('what differs in names, shapes and dtypes is listed', async () => {
  const weights = async (names: Record<string, number[]>) =>
    safetensorsBytes(
      Object.entries(names).map(([name, shape]) => ({
        name,
        shape,
        data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
      })),
    );
  const a = model('a', await weights({ same: [2], tall: [2, 3], gone: [1] }));
  const b = model('b', await weights({ same: [2], tall: [3, 2], extra: [1] }));
  await expect(openMixture([a, b])).rejects.toThrow(
    'b: expected the tensors of a, got no "gone"; "tall" [3,2], not [2,3]; "extra", which the first has not — mix models that were tuned from one base',
  );
  await expect(openMixture([a, b])).rejects.toBeInstanceOf(MixError);
  await expect(openMixture([a])).rejects.toThrow('models: expected at least two, got 1');
});

const ids = (...values: number[]) => ({
  name: 'position_ids',
  shape: [values.length],
  dtype: 'I64' as const,
  data: new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer),
});
const float = { name: 'w', shape: [1], data: Float32Array.of(1) };

test('integers are copied from the first where they are equal, and a buffer that one lacks is noted', async () => {
  const plain = model('plain', await safetensorsBytes([float]));
  const first = model('first', await safetensorsBytes([float, ids(0, 1)]));
  const other = model('other', await safetensorsBytes([float, ids(0, 2)]));
  const weights = { weights: [0.5, 0.5] };
  await expect((await openMixture([first, other])).mix(weights)).rejects.toThrow(
    'other: expected the I64 numbers in "position_ids" of first, got others',
  );
  const kept = await openMixture([first, plain]);
  expect(kept.notes).toEqual(['plain: no "position_ids", the I64 numbers of first are copied']);
  expect((await kept.mix(weights)).tensors.map(({ name }) => name).sort()).toEqual(['position_ids', 'w']);
  const dropped = await openMixture([plain, first]);
  expect(dropped.notes).toEqual(['first: "position_ids", I64 numbers that plain has not, is left out']);
  expect((await dropped.mix(weights)).tensors.map(({ name }) => name)).toEqual(['w']);
});

test('a projection and a Dense are mixed in their own files, in every format that the first has', async () => {
  const files = async (value: number) => {
    const linear = { name: 'weight', shape: [1, 2], data: Float32Array.of(value, -value) };
    return {
      'colbert_linear.pt': torchArchive([linear]),
      'colbert_linear.safetensors': await safetensorsBytes([linear]),
      'modules.json': JSON.stringify([
        { path: '', type: 'x.Transformer' },
        { path: '1_Dense', type: 'x.Dense' },
      ]),
      '1_Dense/config.json': '{"in_features":2}',
      '1_Dense/pytorch_model.bin': torchArchive([{ ...linear, name: 'linear.weight' }]),
      'tokenizer.json': '{"model":{}}',
      'README.md': '---\nlicense: mit\n---\nnot copied',
    };
  };
  const mixture = await openMixture([
    model('a', await one([1]), await files(1)),
    model('b', await one([2]), await files(3)),
  ]);
  expect(mixture.names).toEqual(['w', 'colbert_linear/weight', '1_Dense/linear.weight']);
  const mixed = await mixture.mix({
    weights: [0.5, 0.5],
    layers: [{ match: /^1_Dense\//, weights: [0, 1] }],
  });
  expect(Object.keys(mixed.files).sort()).toEqual([
    '1_Dense/config.json',
    '1_Dense/pytorch_model.bin',
    'README.md',
    'colbert_linear.pt',
    'colbert_linear.safetensors',
    'modules.json',
    'tokenizer.json',
  ]);
  expect(mixed.files['README.md']).toContain('license: mit\n');
  expect(mixed.files['README.md']).not.toContain('not copied');
  const source = await written(mixed);
  const torch = await readPytorchFile(source, 'colbert_linear.pt');
  expect(await torch.get('weight')!.read()).toEqual(Float32Array.of(2, -2));
  const { tensors } = await readSafetensorsHeader(source, 'colbert_linear.safetensors');
  expect(await readTensor(source, tensors.get('weight')!)).toEqual(Float32Array.of(2, -2));
  const dense = await readPytorchFile(source, '1_Dense/pytorch_model.bin');
  expect(await dense.get('linear.weight')!.read()).toEqual(Float32Array.of(3, -3));
});

test('config.json names the dtype that is written', async () => {
  const mixture = await openMixture([model('a', await one([1])), model('b', await one([2]))]);
  expect((await mixture.mix({ weights: [0.5, 0.5] })).config).toEqual({ ...config, torch_dtype: 'float32' });
});
