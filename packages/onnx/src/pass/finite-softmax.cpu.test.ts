import { expect, test } from 'vitest';
import { gradients } from '../grad/gradients.js';
import { graphOf } from '../ir/trace.js';
import { constant, input, parameter } from '../ir/value.js';
import { add, IsNaN, mul, where } from '../ops/elementwise.js';
import { softmax } from '../ops/normalize.js';
import { reduceSum } from '../ops/reduce.js';
import { numbersOf, openGraph, tensor } from '../testing/index.js';
import { finiteSoftmax } from './finite-softmax.js';

const minus = Number.NEGATIVE_INFINITY;
const mask = input('mask', 'float32', [2, 3]);
const scores = parameter('scores', [2, 3]);
const attention = softmax(add(scores, mask));
const guarded = where(IsNaN.of([attention]), constant(0), attention);
const graph = graphOf([mask], { attention: guarded });

async function gradientOf(g: typeof graph) {
  const loss = reduceSum(mul(g.outputs.attention!, tensorWeights));
  const open = await openGraph(
    graphOf(g.inputs, { attention: g.outputs.attention!, slope: gradients(loss, g.parameters)[0]! }),
  );
  const got = await open.run({
    scores: tensor([1, 2, 3, 4, 5, 6], 'float32', [2, 3]),
    mask: tensor([0, minus, 0, minus, minus, minus], 'float32', [2, 3]),
  });
  await open.close();
  return { attention: numbersOf(got.attention!), slope: numbersOf(got.slope!) };
}
const tensorWeights = constant([1, 2, 3], 'float32');

test('a row without anything to attend to has no gradient, the others have theirs', async () => {
  const [plain, finite] = [await gradientOf(graph), await gradientOf(finiteSoftmax(graph))];
  expect(plain.slope.slice(3)).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  expect(finite.attention).toEqual(plain.attention);
  expect(finite.attention.slice(3)).toEqual([0, 0, 0]);
  expect(finite.slope).toEqual([...plain.slope.slice(0, 3), 0, 0, 0]);
  expect(finite.slope[0]).not.toBe(0);
});

test('other uses of Where stay', () => {
  const other = graphOf([mask], { y: where(IsNaN.of([mask]), constant(0), attention) });
  expect(finiteSoftmax(other).nodes).toEqual(other.nodes);
});
