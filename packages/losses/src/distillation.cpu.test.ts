import { gradients, input, optimize, trace } from '@rag/onnx';
import { floats, inPrecision, numbersOf, runGraph, tensor } from '@rag/onnx/testing';
import { expect, test } from 'vitest';
import { type DistillationOptions, distillation } from './distillation.js';
import { examineBatch } from './testing/batch-exam.js';

const smooth = {
  student: floats([6, 8], 1),
  teacher: floats([6, 8], 2),
  row_weight: tensor([1, 0, 1, 1, 1, 1], 'float64'),
};

const settings: Record<string, DistillationOptions> = {
  distillation: {},
  'distillation at 2, 4 and 8': { mrlDims: [2, 4, 8] },
  'distillation by triplets alone': {
    mrlDims: [4],
    margin: 0.5,
    weights: { cosine: 0, similarity: 0, triplet: 1 },
  },
  'distillation without triplets': { weights: { triplet: 0 } },
};

for (const [name, options] of Object.entries(settings))
  examineBatch('distil', name, (inputs) => distillation(inputs as never, options), {
    wrt: ['student'],
    smooth,
    tolerance: 3e-6,
  });

test('passes for a provider change nothing', async () => {
  const graph = trace({ student: rowsOf(8), teacher: rowsOf(8) }, (inputs) => {
    const { sum } = distillation(inputs, { mrlDims: [4, 8] });
    return { sum, gradient: gradients(sum, [inputs.student])[0]! };
  });
  const feeds = {
    student: inPrecision(smooth.student, 'float32'),
    teacher: inPrecision(smooth.teacher, 'float32'),
  };
  const [plain, optimized] = [await runGraph(graph, feeds), await runGraph(optimize(graph, 'cpu'), feeds)];
  expect(numbersOf(optimized.sum!)[0]).toBeCloseTo(numbersOf(plain.sum!)[0]!, 3);
  for (const [at, g] of numbersOf(optimized.gradient!).entries())
    expect(g).toBeCloseTo(numbersOf(plain.gradient!)[at]!, 4);
});

const rowsOf = (width: number) => ({ dtype: 'float32', shape: ['rows', width] }) as const;

const vectors = (name: string, width: number | string = 8) => input(name, 'float32', ['rows', width]);

test.each([
  [{ mrlDims: [4, 16] }, /expected distinct widths from 1 to 8, got 16 in 4, 16/],
  [{ mrlDims: [0] }, /got 0/],
  [{ mrlDims: [4, 4] }, /got 4 in 4, 4/],
  [
    { weights: { triplet: -1 } },
    /expected a weight of the term triplet of 0 or more, got -1 — 0 leaves it out/,
  ],
  [{ margin: Number.NaN }, /expected a margin of 0 or more, got NaN/],
])('%o is refused', (options, message) => {
  const inputs = { student: vectors('student'), teacher: vectors('teacher') };
  expect(() => distillation(inputs, options)).toThrow(message);
});

test('student and teacher have one width, known when the graph is built', () => {
  expect(() => distillation({ student: vectors('student'), teacher: vectors('teacher', 16) })).toThrow(
    'distillation: expected teacher float32[rows, 8] beside the other inputs, got float32[rows, 16]',
  );
  const open = vectors('student', 'width');
  expect(() => distillation({ student: open, teacher: open })).toThrow('expected vectors of one width');
});
