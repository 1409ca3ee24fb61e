import { add, graphOf, input, nameOf, printGraph } from '@rag/onnx';
import { describe, expect, test } from 'vitest';
import { module, parameterRoot } from './parameters.js';

describe('a path', () => {
  test('spells Hugging Face’s names', () => {
    const root = parameterRoot();
    const layer = root.at('encoder.layer.0').at('attention');
    expect([root.path, layer.path]).toEqual(['', 'encoder.layer.0.attention']);
    expect(nameOf(layer.get('self.query.weight', [4, 4]))).toBe(
      'encoder.layer.0.attention.self.query.weight',
    );
    expect(nameOf(root.get('scale', []))).toBe('scale');
  });

  test('gives a tied weight as one value, by whatever way it is reached', () => {
    const root = parameterRoot();
    const table = root.at('embeddings').get('weight', [5, 2]);
    expect(root.get('embeddings.weight', [5, 2])).toBe(table);
    expect(parameterRoot().get('embeddings.weight', [5, 2])).not.toBe(table);
    expect([table.dtype, table.shape]).toEqual(['float32', [5, 2]]);
  });

  test('refuses two shapes of one name', () => {
    const root = parameterRoot();
    root.get('a.weight', [5, 2]);
    expect(() => root.at('a').get('weight', [2, 5])).toThrow(
      'a.weight: expected one shape, got [5, 2] and [2, 5]',
    );
  });
});

test('a module names its nodes after its path', () => {
  const x = input('x', 'float32', ['tokens', 4]);
  const y = module(parameterRoot(), 'encoder.layer.0', (layer) =>
    module(layer, 'output', (path) => add(x, path.get('bias', [4]))),
  );
  const printed = printGraph(graphOf([x], { y }));
  expect(printed).toContain('parameter encoder.layer.0.output.bias  float32[4]');
  expect(printed).toContain('# encoder/layer/0/output');
});
