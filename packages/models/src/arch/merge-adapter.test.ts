import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openCheckpoint, type TensorIndex } from '../checkpoint.js';
import { addLowRank } from '../lora/low-rank.js';
import { directorySource } from '../node/directory-source.js';
import { mergeAdapter } from './merge-adapter.js';

const fixture = new URL('../fixtures/jina_embeddings_v3-published/', import.meta.url);
const open = async () => openCheckpoint(await directorySource(fileURLToPath(fixture)));
const wqkv = 'roberta.encoder.layers.0.mixer.Wqkv';
const words = 'roberta.embeddings.word_embeddings';

describe('adapters', () => {
  test('give way to plain names, each weight once', async () => {
    const { tensors, config } = await open();
    const golden = JSON.parse(readFileSync(new URL('golden.json', fixture), 'utf8'));
    const plain = mergeAdapter(tensors, config, undefined);
    expect(plain.names.toSorted()).toEqual(Object.keys(golden.parameters).toSorted());
    for (const name of plain.names) {
      expect(plain.has(name)).toBe(true);
      expect(plain.shape(name)).toEqual(golden.parameters[name]);
      expect(plain.dtype(name)).toBe('F32');
    }
    const hidden = tensors.names.filter((name) => name.includes('parametrizations'));
    expect(hidden.length).toBeGreaterThan(0);
    expect(hidden.filter((name) => plain.has(name))).toEqual([]);
  });

  test('are left out without a task, and the weights stay where they are', async () => {
    const { tensors, config } = await open();
    const plain = mergeAdapter(tensors, config, undefined);
    const original = `${wqkv}.parametrizations.weight.original`;
    expect(await plain.read(`${wqkv}.weight`)).toEqual(await tensors.read(original));
    expect(plain.location(`${wqkv}.weight`)).toEqual(tensors.location(original));
    expect(plain.location(`${wqkv}.bias`)).toEqual(tensors.location(`${wqkv}.bias`));
  });

  test.each([
    ['a linear layer', wqkv, 'lora_B', 'lora_A'],
    ['a table', words, 'lora_A', 'lora_B'],
  ])('of a task are added to %s', async (_, stem, left, right) => {
    const { tensors, config } = await open();
    const merged = mergeAdapter(tensors, config, 'separation');
    const part = (name: string) => `${stem}.parametrizations.weight.${name}`;
    const [weight, a, b] = await Promise.all([
      tensors.read(part('original')),
      tensors.read(part(`0.${left}`)),
      tensors.read(part(`0.${right}`)),
    ]);
    const [rows, columns] = merged.shape(`${stem}.weight`) as [number, number];
    const rank = 4;
    const got = await merged.read(`${stem}.weight`);
    for (const [row, column] of [
      [0, 0],
      [rows - 1, 3],
      [7, columns - 1],
    ] as const) {
      let sum = 0;
      for (let k = 0; k < rank; k++)
        sum += a![(2 * rows + row) * rank + k]! * b![(2 * rank + k) * columns + column]!;
      expect(got[row * columns + column]).toBeCloseTo(weight![row * columns + column]! + sum / rank, 6);
    }
    expect(merged.location(`${stem}.weight`)).toBeUndefined();
    const parts = merged.parts!(`${stem}.weight`)!;
    expect(parts.location).toEqual(tensors.location(part('original')));
    addLowRank(weight!, columns, (await parts.adapters())[0]!);
    expect(got).toEqual(weight);
    expect(merged.parts!(`${stem}.bias`)).toBeUndefined();
    expect(mergeAdapter(tensors, config, undefined).parts!(`${stem}.weight`)).toBeUndefined();
    expect(merged.location(`${stem}.bias`.replace(`${words}.bias`, 'classifier.dense.bias'))).toBeDefined();
  });

  test('of an unknown task, of none, and of a checkpoint without any are refused', async () => {
    const { tensors, config } = await open();
    expect(() => mergeAdapter(tensors, config, 'classification')).toThrow(
      /task: expected one of the checkpoint's \(retrieval.query, retrieval.passage, separation\), got "classification"/,
    );
    expect(() => mergeAdapter(tensors, {}, 'separation')).toThrow(/none is named/);
    const plain: TensorIndex = { ...tensors, names: [] };
    expect(() => mergeAdapter(plain, config, 'separation')).toThrow(/expected none for a checkpoint without/);
    expect(mergeAdapter(plain, config, undefined)).toBe(plain);
  });

  test('of other shapes than the config’s are refused', async () => {
    const { tensors, config } = await open();
    const merge = (index: TensorIndex, json: Record<string, unknown>) =>
      mergeAdapter(index, json, 'separation').read(`${wqkv}.weight`);
    await expect(merge(tensors, { ...config, lora_alpha: 'one' })).rejects.toThrow(
      /"lora_alpha", got .* one/,
    );
    const two = (name: string) =>
      name.includes('lora_A') ? [2, ...tensors.shape(name).slice(1)] : tensors.shape(name);
    await expect(merge({ ...tensors, shape: two }, config)).rejects.toThrow(
      /expected adapters \[tasks, 48, rank\]/,
    );
  });
});
