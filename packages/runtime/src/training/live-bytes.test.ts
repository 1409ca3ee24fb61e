import { add, concat, constant, graphOf, input, matmul, mul, reshape, tanh } from '@rag/onnx';
import { describe, expect, it, test } from 'vitest';
import { executionOrder, liveBytes } from './live-bytes.js';

const x = input('x', 'float32', ['rows', 4]);
const y = input('y', 'float32', [4, 8]);
const bytes = (outputs: Parameters<typeof graphOf>[1]) => liveBytes(graphOf([x, y], outputs), { rows: 10 });

describe('live bytes', () => {
  it('leave out what is fed and what is yielded', () => {
    expect(bytes({ z: matmul(x, y) })).toBe(0);
  });

  it('count a value until its last reader', () => {
    const product = matmul(x, y);
    expect(bytes({ z: concat([product, product], 0) })).toBe(10 * 8 * 4);
    // Two products at once; what they are read by is an output.
    expect(bytes({ z: concat([product, matmul(x, mul(y, 2))], 0) })).toBe(2 * 10 * 8 * 4 + 0);
  });

  it('count elementwise results over a dying operand once, and views not at all', () => {
    const product = matmul(x, y);
    expect(
      bytes({ z: matmul(tanh(mul(product, 2)), constant([...Array(8).keys()], 'float32', [8, 1])) }),
    ).toBe(320);
    expect(bytes({ z: concat([reshape(product, [-1, 4]), reshape(product, [-1, 4])], 0) })).toBe(320);
    const kept = mul(product, 2);
    expect(bytes({ z: concat([kept, product], 0) })).toBe(640);
  });

  it('let go what nothing reads', () => {
    const product = matmul(x, y);
    expect(bytes({ z: add(product, product), w: mul(matmul(x, y), 3) })).toBe(320);
  });
});

test('nodes run from the last end, operands written last first', () => {
  const [a, b] = [tanh(x), mul(x, 2)];
  const graph = graphOf([x, y], { z: add(a, b), w: matmul(x, y) });
  expect(executionOrder(graph).map(({ op }) => op.opType)).toEqual(['MatMul', 'Mul', 'Tanh', 'Add']);
});
