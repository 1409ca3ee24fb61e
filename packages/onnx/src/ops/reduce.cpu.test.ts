import { floats, spreadFloats, tensor } from '../testing/index.js';
import { testFamily } from '../testing/op-family.js';
import { shapeOf } from './movement.js';
import * as family from './reduce.js';
import { slice } from './slice.js';

const { ReduceSum, ReduceMean, ReduceProd, ReduceMax, ArgMax, TopK, CumSum } = family;
const axesOf: readonly (readonly number[] | undefined)[] = [undefined, [0], [-1], [1, 2], [-1, 0], [0, 1, 2]];

testFamily(family, {}, (testOp) => {
  for (const keepdims of [false, true]) {
    for (const axes of axesOf) {
      const name = `axes ${axes ? `[${axes.join(', ')}]` : 'left out'}${keepdims ? ', keepdims' : ''}`;
      const inputs = { x: spreadFloats([2, 3, 4], 1) };
      testOp(name, { ops: [ReduceSum], inputs, build: ({ x }) => family.reduceSum(x!, axes, keepdims) });
      testOp(name, { ops: [ReduceMean], inputs, build: ({ x }) => family.reduceMean(x!, axes, keepdims) });
      testOp(name, { ops: [ReduceMax], inputs, build: ({ x }) => family.reduceMax(x!, axes, keepdims) });
      testOp(name, {
        ops: [ReduceProd],
        inputs: { x: tensor([1, 2, 3, 4, 5, 6], 'int64', [1, 2, 3]) },
        build: ({ x }) => ReduceProd.of([x!], { axes, keepdims: keepdims ? 1 : 0 }),
      });
    }
    for (const axis of [0, 1, -1])
      testOp(`axis ${axis}${keepdims ? ', keepdims' : ''}`, {
        ops: [ArgMax],
        inputs: { x: spreadFloats([2, 3, 4], 2) },
        build: ({ x }) => family.argMax(x!, axis, keepdims),
      });
  }
  testOp('of a scalar', {
    ops: [ReduceSum, ReduceMean, ReduceMax],
    inputs: { x: floats([], 3) },
    build: ({ x }) => [family.reduceSum(x!), family.reduceMean(x!), family.reduceMax(x!)],
  });
  for (const axis of [0, 1, -1])
    for (const largest of [true, false]) {
      const inputs = { x: spreadFloats([3, 4, 5], 4) };
      testOp(`2 ${largest ? 'largest' : 'smallest'} along axis ${axis}`, {
        ops: [TopK],
        inputs,
        build: ({ x }) => {
          const { values, indices } = family.topK(x!, 2, axis, largest);
          return [values, indices];
        },
      });
    }
  testOp('all along an axis whose length is read from the shape', {
    ops: [TopK],
    inputs: { x: spreadFloats([3, 4], 6) },
    build: ({ x }) => {
      const { values, indices } = family.topK(x!, slice(shapeOf(x!), [1], [2], [0]), 1, false);
      return [values, indices];
    },
  });
  for (const axis of [0, -1])
    for (const exclusive of [false, true])
      for (const reverse of [false, true])
        testOp(`axis ${axis}${exclusive ? ', exclusive' : ''}${reverse ? ', reverse' : ''}`, {
          ops: [CumSum],
          inputs: { x: floats([3, 4], 5) },
          build: ({ x }) => family.cumSum(x!, axis, { exclusive, reverse }),
        });
});
