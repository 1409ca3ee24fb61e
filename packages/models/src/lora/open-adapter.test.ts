import { describe, expect, it, test } from 'vitest';
import { memorySource } from '../file-source.js';
import { openTensors } from '../open-tensors.js';
import { safetensorsBytes } from '../safetensors-write.js';
import { mergeAdapter, unmergeAdapter } from './adapted-tensors.js';
import { openAdapter } from './open-adapter.js';

const config = {
  peft_type: 'LORA',
  r: 2,
  lora_alpha: 4,
  target_modules: ['query'],
  modules_to_save: ['classifier'],
};
type Shapes = Readonly<Record<string, readonly number[]>>;
const fileOf = (shapes: Shapes, value: (i: number) => number = (i) => i / 8) =>
  safetensorsBytes(
    Object.entries(shapes).map(([name, shape]) => ({
      name,
      shape,
      data: Float32Array.from({ length: shape.reduce((product, dim) => product * dim, 1) }, (_, i) =>
        value(i),
      ),
    })),
  );
const A = 'base_model.model.bert.layer.0.query.lora_A.weight';
const B = 'base_model.model.bert.layer.0.query.lora_B.weight';
const whole: Shapes = { [A]: [2, 4], [B]: [3, 2], 'base_model.model.classifier.weight': [1, 4] };
const open = async (shapes: Shapes, options: object = {}, value?: (i: number) => number) =>
  openAdapter(
    memorySource({
      'adapter_config.json': JSON.stringify({ ...config, ...options }),
      'adapter_model.safetensors': await fileOf(shapes, value),
    }),
  );
const baseOf = async (shapes: Shapes) =>
  openTensors(memorySource({ 'model.safetensors': await fileOf(shapes) }), 'model.safetensors');
const base: Shapes = {
  'bert.layer.0.query.weight': [3, 4],
  'bert.layer.0.query.bias': [3],
  'bert.words.weight': [5, 4],
};

test('modules, their ranks and scales, and what is saved whole', async () => {
  const adapter = await open(whole);
  expect([...adapter.modules]).toEqual([
    ['bert.layer.0.query', { a: A, b: B, in: 4, out: 3, rank: 2, scaling: 2 }],
  ]);
  expect([...adapter.saved]).toEqual([['classifier.weight', 'base_model.model.classifier.weight']]);
});

describe('merging', () => {
  it.each<[string, Shapes]>([
    ['as it is named', base],
    [
      'without its prefix',
      Object.fromEntries(Object.entries(base).map(([name, shape]) => [name.slice(5), shape])),
    ],
    [
      'with another prefix',
      Object.fromEntries(Object.entries(base).map(([name, shape]) => [`model.${name}`, shape])),
    ],
  ])('finds the base model’s weight %s', async (_, shapes) => {
    const tensors = await baseOf(shapes);
    const merged = mergeAdapter(tensors, await open(whole));
    const [name] = Object.keys(shapes).filter((key) => key.endsWith('query.weight')) as [string];
    const [w, a, b] = [await tensors.read(name), (i: number) => i / 8, (i: number) => i / 8];
    expect([...(await merged.read(name))]).toEqual(
      [...w].map((value, i) => {
        const [row, column] = [Math.floor(i / 4), i % 4];
        return value + 2 * (b(row * 2) * a(column) + b(row * 2 + 1) * a(4 + column));
      }),
    );
    expect(merged.location(name)).toBeUndefined();
    expect(merged.dtype(name)).toBe('F32');
    // Its parts are where they were, and another adapter comes beside the first.
    const parts = mergeAdapter(merged, await open(whole, { lora_alpha: 6 })).parts!(name)!;
    expect(parts.location).toEqual(tensors.location(name));
    expect(
      (await parts.adapters()).map(({ rank, scaling, left, right }) => [
        rank,
        scaling,
        left.length,
        right.length,
      ]),
    ).toEqual([
      [2, 2, 6, 8],
      [2, 3, 6, 8],
    ]);
    expect(parts.source).toBeUndefined();
    expect(tensors.parts?.(name)).toBeUndefined();
    const head = merged.parts!('classifier.weight')!;
    expect([head.location.file, head.location.length, await head.adapters()]).toEqual([
      'adapter_model.safetensors',
      16,
      [],
    ]);
    expect(await head.source!.list()).toContain('adapter_model.safetensors');
    // What has no adapter is where it was; the head stands beside it.
    const other = Object.keys(shapes).find((key) => key.endsWith('words.weight'))!;
    expect(merged.location(other)).toEqual(tensors.location(other));
    expect(merged.names).toEqual([...tensors.names, 'classifier.weight']);
    expect([merged.has('classifier.weight'), merged.shape('classifier.weight')]).toEqual([true, [1, 4]]);
  });

  test('a model that the adapter is not of is refused by the tensor’s name', async () => {
    const adapter = await open(whole);
    const narrow = await baseOf({ ...base, 'bert.layer.0.query.weight': [3, 5] });
    expect(() => mergeAdapter(narrow, adapter)).toThrow(
      `adapter_model.safetensors: "${A}": expected a linear layer [3, 4] of the base model, got [3,5]`,
    );
    const foreign = await baseOf({ 'bert.layer.0.key.weight': [3, 4] });
    expect(() => mergeAdapter(foreign, adapter)).toThrow('got no such module');
    const tensors = await baseOf(base);
    const stray = await open({ ...whole, 'base_model.model.bert.words.weight': [6, 4] });
    expect(() => mergeAdapter(tensors, stray)).toThrow(
      'adapter_model.safetensors: "base_model.model.bert.words.weight": expected a parameter of modules_to_save or of the base model\'s shape, got [6,4] for [5,4]',
    );
    expect(() => unmergeAdapter(tensors, adapter)).toThrow(
      '"base_model.model.classifier.weight": expected an adapter of low-rank',
    );
  });

  test('elements that are no numbers are refused when they are read', async () => {
    const merged = mergeAdapter(await baseOf(base), await open(whole, {}, (i) => (i === 3 ? Number.NaN : 1)));
    await expect(merged.read('bert.layer.0.query.weight')).rejects.toThrow(
      `adapter_model.safetensors: "${A}": expected finite elements, got NaN at element 3`,
    );
    expect(await merged.read('bert.words.weight')).toHaveLength(20);
  });
});

describe('a hostile file is refused by its name and key', () => {
  const query = 'base_model.model.bert.layer.0.query';
  it.each<[Shapes, object, string]>([
    [
      { [A]: [2, 4] },
      {},
      `adapter_model.safetensors: "${B}": expected this tensor beside its partner, got none`,
    ],
    [{ [B]: [3, 2] }, {}, `"${A}": expected this tensor beside its partner, got none`],
    [
      { ...whole, [A]: [3, 4] },
      {},
      `"${A}": expected lora_A [2, in] and lora_B [out, 2] by adapter_config.json, got [3, 4] and [3, 2]`,
    ],
    [{ ...whole, [B]: [3, 3] }, {}, 'got [2, 4] and [3, 3]'],
    [whole, { r: 1_000_000_000 }, 'expected lora_A [1000000000, in]'],
    [whole, { rank_pattern: { query: 4 } }, 'expected lora_A [4, in]'],
    [{ ...whole, [A]: [2, 4, 1] }, {}, `"${A}": expected a matrix, got [2,4,1]`],
    [
      { 'bert.layer.0.query.lora_A.weight': [2, 4] },
      {},
      'expected a name that starts with "base_model.model."',
    ],
    [
      { ...whole, [`${query}.lora_magnitude_vector`]: [3] },
      {},
      `"${query}.lora_magnitude_vector": expected lora_A.weight and lora_B.weight of linear layers`,
    ],
    [
      { 'base_model.model.words.lora_embedding_A': [2, 5] },
      {},
      'expected lora_A.weight and lora_B.weight of linear layers',
    ],
    [{}, {}, 'adapter_model.safetensors: expected tensors of an adapter, got none'],
  ])('%#', async (shapes, options, message) => {
    await expect(open(shapes, options)).rejects.toThrow(message);
  });

  test('a pattern that would take for ever, and a directory without weights', async () => {
    await expect(open(whole, { rank_pattern: { '(a*)*b': 2 } })).rejects.toThrow(
      'rank_pattern: expected a regular expression of at most',
    );
    const source = memorySource({ 'adapter_config.json': JSON.stringify(config) });
    await expect(openAdapter(source)).rejects.toThrow(
      'adapter_config.json: expected adapter_model.safetensors or adapter_model.bin beside it',
    );
  });
});
