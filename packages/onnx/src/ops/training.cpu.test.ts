import { expect, test } from 'vitest';
import { graphOf } from '../ir/trace.js';
import { input } from '../ir/value.js';
import { openGraph } from '../testing/index.js';
import { testFamily } from '../testing/op-family.js';
import * as family from './training.js';

const reason = 'only training builds of ONNX Runtime have a kernel; our session lowers it';
const exempt = { InPlaceAccumulatorV2: reason, AdamWOptimizer: reason, InplaceClipGradNorm: reason };

testFamily(family, { exempt }, () => {});

test('stock ONNX Runtime has no InPlaceAccumulatorV2', async () => {
  const [buffer, value] = [input('buffer', 'float32', [2]), input('value', 'float32', [2])];
  const reset = input('reset', 'bool', [1]);
  const y = family.InPlaceAccumulatorV2.of([buffer, value, reset]);
  expect(y).toMatchObject({ dtype: 'bool', shape: [1] });
  await expect(openGraph(graphOf([buffer, value, reset], { y }))).rejects.toThrow(/InPlaceAccumulatorV2/);
});

test('a buffer and a gradient of different shapes are refused', () => {
  expect(() =>
    family.InPlaceAccumulatorV2.of([
      input('buffer', 'float32', [2]),
      input('value', 'float32', [3]),
      input('reset', 'bool', [1]),
    ]),
  ).toThrow('expected a gradient [2], got [3]');
});
