import { floats } from '../testing/index.js';
import { testFamily } from '../testing/op-family.js';
import * as family from './normalize.js';

const { Softmax, LogSoftmax, LayerNormalization, SimplifiedLayerNormalization } = family;

// Both keep mean and 1/std in float32, which the gradient reads.
const precision = 'float32';

testFamily(family, { float32: [LayerNormalization, SimplifiedLayerNormalization] }, (testOp) => {
  for (const axis of [-1, 0, 1])
    for (const shape of [
      [3, 4],
      [2, 3, 4],
    ]) {
      const inputs = { x: floats(shape, 1, -3, 3) };
      const name = `[${shape.join(', ')}] along ${axis}`;
      testOp(name, { ops: [Softmax], inputs, build: ({ x }) => family.softmax(x!, axis) });
      testOp(name, { ops: [LogSoftmax], inputs, build: ({ x }) => family.logSoftmax(x!, axis) });
    }
  for (const shape of [[5], [3, 5], [2, 3, 5]]) {
    const name = `[${shape.join(', ')}]`;
    const inputs = { x: floats(shape, 2, -3, 3), scale: floats([5], 3, 0.5, 2) };
    testOp(name, {
      ops: [LayerNormalization],
      precision,
      inputs: { ...inputs, bias: floats([5], 4) },
      build: ({ x, scale, bias }) => family.layerNormalization(x!, scale!, bias!, 1e-5),
    });
    testOp(name, {
      ops: [SimplifiedLayerNormalization],
      precision,
      inputs,
      build: ({ x, scale }) => family.rmsNormalization(x!, scale!, 1e-5),
    });
  }
  testOp('without a bias', {
    ops: [LayerNormalization],
    precision,
    inputs: { x: floats([2, 5], 9, -3, 3), scale: floats([5], 10) },
    build: ({ x, scale }) => LayerNormalization.of([x!, scale!, null], { axis: -1, epsilon: 1e-5 }),
  });
  testOp('with its statistics as outputs', {
    ops: [LayerNormalization],
    precision,
    inputs: { x: floats([2, 3, 5], 5), scale: floats([5], 6), bias: floats([5], 7) },
    build: ({ x, scale, bias }) => LayerNormalization.all([x!, scale!, bias!], { axis: -1, epsilon: 1e-5 }),
    wrt: [],
  });
  testOp('of rows and of a zero row', {
    ops: [],
    inputs: { x: floats([3, 4], 8) },
    build: ({ x }) => family.l2Normalize(x!),
  });
});
