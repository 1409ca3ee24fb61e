import { graphOf, input } from '@rag/onnx';
import { floats, runGraph, tensor, testOp } from '@rag/onnx/testing';
import { expect, it } from 'vitest';
import { rotate, rotation } from './rotary.js';

const FREQUENCIES = [1, 0.25, 0.125];

it('is a rotation of each pair by position · frequency', async () => {
  const [x, position_ids] = [input('x', 'float32', ['tokens', 12]), input('p', 'int64', ['tokens'])];
  const data = floats([3, 12], 5).data as Float64Array;
  const positions = [0, 7, 2];
  const { y } = await runGraph(
    graphOf([x, position_ids], { y: rotate(x, 2, rotation(position_ids, FREQUENCIES)) }),
    { x: tensor(Array.from(data), 'float32', [3, 12]), p: tensor(positions) },
  );
  for (const [row, position] of positions.entries())
    for (const head of [0, 1])
      for (const [i, frequency] of FREQUENCIES.entries()) {
        const at = row * 12 + head * 6 + i;
        const [a, b] = [data[at]!, data[at + 3]!];
        const [c, s] = [Math.cos(position * frequency), Math.sin(position * frequency)];
        expect(Number(y!.data[at])).toBeCloseTo(a * c - b * s, 5);
        expect(Number(y!.data[at + 3])).toBeCloseTo(b * c + a * s, 5);
      }
});

it('has the gradient of a central difference', async () => {
  await testOp({
    ops: [],
    inputs: { x: floats([3, 12], 2), p: tensor([0, 7, 2]) },
    symbolic: { x: ['tokens', 12], p: ['tokens'] },
    precision: 'float32',
    build: ({ x, p }) => rotate(x!, 2, rotation(p!, FREQUENCIES)),
  });
});

it('cos and sin are multiplied by the scale', async () => {
  const position_ids = input('p', 'int64', ['tokens']);
  const { cos, sin } = rotation(position_ids, FREQUENCIES, 1.5);
  const result = await runGraph(graphOf([position_ids], { cos, sin }), { p: tensor([5]) });
  for (const [i, frequency] of FREQUENCIES.entries()) {
    expect(Number(result.cos!.data[i])).toBeCloseTo(1.5 * Math.cos(5 * frequency), 6);
    expect(Number(result.sin!.data[i])).toBeCloseTo(1.5 * Math.sin(5 * frequency), 6);
  }
});
