import { graphOf, input } from '@rag/onnx';
import { floats, runGraph, testOp } from '@rag/onnx/testing';
import { expect, it } from 'vitest';
import { atDistances, byDistance, distanceTable } from './relative-position.js';

const SEQ = 4;
const numbers = (data: ArrayLike<unknown>) => Array.from(data as ArrayLike<number | bigint>, Number);

it('distances of a block run from −seq to seq − 1, held at the table’s ends', async () => {
  const block = input('block', 'float32', ['batch', 'seq']);
  const at = (reach: number) =>
    atDistances(
      distanceTable(reach, (distance) => 10 * distance),
      block,
      reach,
    );
  const { wide, narrow } = await runGraph(graphOf([block], { wide: at(6), narrow: at(2) }), {
    block: { dtype: 'float32', shape: [1, SEQ], data: new Float32Array(SEQ) },
  });
  expect(numbers(wide!.data)).toEqual([-40, -30, -20, -10, 0, 10, 20, 30]);
  expect(numbers(narrow!.data)).toEqual([-20, -20, -20, -10, 0, 10, 20, 20]);
});

it('element (i, j) of a block is the row’s of distance j − i', async () => {
  const x = input('x', 'float32', ['batch', 2, 'seq', '2*seq']);
  const y = byDistance(x);
  expect(y.shape).toEqual(['batch', 2, 'seq', 'seq']);
  const shape = [3, 2, SEQ, 2 * SEQ];
  const data = Float32Array.from({ length: 6 * SEQ * 2 * SEQ }, (_, i) => i);
  const result = await runGraph(graphOf([x], { y }), { x: { dtype: 'float32', shape, data } });
  const expected = Array.from({ length: 6 * SEQ * SEQ }, (_, at) => {
    const [block, i, j] = [Math.floor(at / SEQ / SEQ), Math.floor(at / SEQ) % SEQ, at % SEQ];
    return data[(block * SEQ + i) * 2 * SEQ + (j - i + SEQ)]!;
  });
  expect(numbers(result.y!.data)).toEqual(expected);
});

it('has the gradient of a central difference', async () => {
  await testOp({
    ops: [],
    inputs: { x: floats([1, 2, 3, 6], 4) },
    symbolic: { x: ['batch', 2, 'seq', '2*seq'] },
    build: ({ x }) => byDistance(x!),
  });
});
