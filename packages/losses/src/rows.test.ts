import { input, mul, printGraph, trace } from '@rag/onnx';
import { expect, test } from 'vitest';
import { overRows } from './rows.js';

const types = {
  logits: { dtype: 'float32', shape: ['batch'] },
  labels: { dtype: 'float32', shape: ['batch'] },
} as const;

test('nodes are named under the loss', () => {
  const graph = trace(types, (inputs) => ({ ...overRows('product', inputs, mul) }));
  expect(graph.nodes.length).toBeGreaterThan(0);
  expect(graph.nodes.every((node) => node.scope === 'product')).toBe(true);
  expect(printGraph(graph)).toContain('product');
});

test('without row weights nothing is selected', () => {
  const plain = trace(types, (inputs) => ({ ...overRows('product', inputs, mul) }));
  const weighted = trace({ ...types, row_weight: types.labels }, (inputs) => ({
    ...overRows('product', inputs, mul),
  }));
  const opTypes = (graph: typeof plain) => graph.nodes.map((node) => node.op.opType);
  expect(opTypes(plain)).not.toContain('Where');
  expect(opTypes(weighted)).toContain('Where');
});

test('inputs are checked before the loss of a row is written down', () => {
  const logits = input('logits', 'float32', ['batch']);
  const never = () => {
    throw new Error('called');
  };
  expect(() => overRows('product', { logits, labels: input('labels', 'int64', ['batch']) }, never)).toThrow(
    'product: expected labels like the logits',
  );
});
