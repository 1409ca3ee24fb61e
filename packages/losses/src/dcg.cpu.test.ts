import { greater, trace, type Value } from '@rag/onnx';
import { numbersOf, runGraph, tensor } from '@rag/onnx/testing';
import { expect, test } from 'vitest';
import { gains, inverseDiscount, swapWeights } from './dcg.js';

async function evaluate(build: (x: Value) => Value, ...row: number[]): Promise<number[]> {
  const type = { dtype: 'float32', shape: ['groups', 'size'] } as const;
  const { y } = await runGraph(
    trace({ x: type }, ({ x }) => ({ y: build(x) })),
    {
      x: tensor(row, 'float32', [1, row.length]),
    },
  );
  return numbersOf(y!);
}

const everything = (x: Value): Value => greater(x, -1);

test('the discount of ranks 1, 3 and 7 is 1, 1/2 and 1/3', async () => {
  const [first, third, seventh] = await evaluate(inverseDiscount, 1, 3, 7);
  expect(first).toBeCloseTo(1, 6);
  expect(third).toBeCloseTo(1 / 2, 6);
  expect(seventh).toBeCloseTo(1 / 3, 6);
});

test('gains are shares of the best DCG, at all ranks or at the first k', async () => {
  const best = 3 + 1 / Math.log2(3);
  const all = await evaluate((x) => gains(x, everything(x), undefined), 1, 0, 2);
  for (const [at, gain] of [1, 0, 3].entries()) expect(all[at]).toBeCloseTo(gain / best, 6);
  const first = await evaluate((x) => gains(x, everything(x), 1), 1, 0, 2);
  for (const [at, gain] of [1, 0, 3].entries()) expect(first[at]).toBeCloseTo(gain / 3, 6);
});

test('no label is too high, and labels of 0 have no gain', async () => {
  const high = await evaluate((x) => gains(x, everything(x), undefined), 500, 499, 0);
  const best = 1 + 0.5 / Math.log2(3);
  for (const [at, gain] of [1, 0.5, 0].entries()) expect(high[at]).toBeCloseTo(gain / best, 6);
  expect(await evaluate((x) => gains(x, everything(x), undefined), 0, 0)).toEqual([0, 0]);
});

test('swapping ranks 1 and 3 is worth 1/2, and with μ the difference of the discounts of 2 and 3', async () => {
  const plain = await evaluate((x) => swapWeights(x, 0), 1, 3);
  expect(plain[1]).toBeCloseTo(0.5, 6);
  expect(plain[2]).toBeCloseTo(0.5, 6);
  const both = await evaluate((x) => swapWeights(x, 10), 1, 3);
  expect(both[1]).toBeCloseTo(0.5 + 10 * (1 / Math.log2(3) - 0.5), 5);
  expect(both.every(Number.isFinite)).toBe(true);
});
