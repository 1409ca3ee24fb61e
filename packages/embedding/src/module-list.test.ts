import { ConfigError, memorySource } from '@rag/models';
import { describe, expect, it } from 'vitest';
import { readModuleList } from './module-list.js';

const read = (modules: unknown) =>
  readModuleList(
    memorySource({ 'modules.json': typeof modules === 'string' ? modules : JSON.stringify(modules) }),
  );
const entry = (kind: string, path: string, prefix = 'sentence_transformers.models') => ({
  idx: 0,
  name: '0',
  path,
  type: `${prefix}.${kind}`,
});
const first = [entry('Transformer', ''), entry('Pooling', '1_Pooling')];

it.each([
  ['versions 2 to 5', ['Transformer', 'Pooling', 'Dense', 'Normalize'].map((kind) => `models.${kind}`)],
  ['their files', ['Transformer', 'Pooling', 'Dense', 'Normalize'].map((kind) => `models.${kind}.${kind}`)],
  [
    'version 6',
    [
      'base.modules.transformer.Transformer',
      'sentence_transformer.modules.pooling.Pooling',
      'base.modules.dense.Dense',
      'base.modules.normalize.Normalize',
    ],
  ],
])('class paths of %s', async (_, paths) => {
  const modules = paths.map((path, i) => ({
    ...entry('', i === 0 ? '' : `${i}_x`),
    type: `sentence_transformers.${path}`,
  }));
  expect(await read(modules)).toEqual([
    { kind: 'Transformer', path: '' },
    { kind: 'Pooling', path: '1_x' },
    { kind: 'Dense', path: '2_x' },
    { kind: 'Normalize', path: '3_x' },
  ]);
});

describe('what cannot be run is named', () => {
  it.each([
    [[...first, entry('LSTM', '2_LSTM')], '"[2].type" expected a module of sentence_transformers', 'LSTM'],
    [[...first, entry('Dense', '2_Dense', 'pylate.models')], '"[2].type"', 'pylate.models.Dense'],
    [[...first, entry('Dense', '2', 'sentence_transformers.models.x.y')], '"[2].type"', 'x.y.Dense'],
    [[entry('Pooling', ''), entry('Pooling', '1')], '"[0].type" expected the module Transformer', 'Pooling'],
    [
      [entry('Transformer', ''), entry('Normalize', '1')],
      '"[1].type" expected the module Pooling',
      'Normalize',
    ],
    [
      [...first, entry('Normalize', '2'), entry('Dense', '3')],
      '"[2].type" expected Dense modules and then at most one Normalize',
      'Normalize',
    ],
    [[...first, entry('Pooling', '2')], '"[2].type"', 'Pooling'],
    [[entry('Transformer', '0_Transformer'), first[1]], '"[0].path"', '0_Transformer'],
    [[first[0], entry('Pooling', '')], '"[1].path"', '""'],
    [[first[0]], 'expected a Transformer and a Pooling', 'Transformer'],
    [[], 'expected a Transformer and a Pooling', '[]'],
    [[null], '"[0]" expected a module', 'null'],
    [[{ type: 3, path: '' }], '"[0].type"', '3'],
    [[{ ...first[0], path: 4 }], '"[0].path"', '4'],
    [{ '0': first[0] }, 'expected a list of at most 64 modules', '{'],
    [Array.from({ length: 65 }, () => first[0]), 'at most 64 modules', '['],
  ])('%j', async (modules, expected, got) => {
    await expect(read(modules)).rejects.toThrow(ConfigError);
    await expect(read(modules)).rejects.toThrow(expected);
    await expect(read(modules)).rejects.toThrow(got);
  });

  it('a file that is no JSON', async () => {
    await expect(read('{')).rejects.toThrow(/^modules\.json: expected JSON/);
  });
});

it('Jina’s own Transformer is one for Jina’s models only', async () => {
  const source = memorySource({
    'modules.json': JSON.stringify([{ ...first[0], type: 'custom_st.Transformer' }, first[1]]),
  });
  const [transformer] = await readModuleList(source, 'jina_embeddings_v3');
  expect(transformer).toEqual({ kind: 'Transformer', path: '' });
  for (const type of ['bert', undefined])
    await expect(readModuleList(source, type)).rejects.toThrow(/got "custom_st.Transformer" — this package/);
});
