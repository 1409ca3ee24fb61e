import { sameShape } from '../ir/dim.js';
import { GraphError } from '../ir/error.js';
import { defineOp } from '../ir/op.js';
import type { Value } from '../ir/value.js';

/**
 * buffer := value if `overwrite`, else buffer + value, in place: ONNX Runtime training's accumulator. Stock ONNX Runtime
 * has no such kernel: a session lowers it. The runtime does not compare shapes, so we do.
 */
export const InPlaceAccumulatorV2 = defineOp<[Value, Value, Value]>('InPlaceAccumulatorV2', {
  domain: 'com.microsoft',
  infer: ([buffer, value]) => {
    if (!sameShape(buffer.shape, value.shape))
      throw new GraphError(
        'InPlaceAccumulatorV2',
        `expected a gradient [${buffer.shape.join(', ')}], got [${value.shape.join(', ')}]`,
      );
    return [{ dtype: 'bool', shape: [1] }];
  },
  gradient: 'none',
});
