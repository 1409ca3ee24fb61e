import { sameShape } from '../ir/dim.js';
import { GraphError } from '../ir/error.js';
import { defineOp } from '../ir/op.js';
import { describe, type Value } from '../ir/value.js';

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

type AdamWAttributes = {
  alpha: number;
  beta: number;
  epsilon: number;
  weight_decay: number;
  correct_bias: number;
  adam_mode: number;
};

/**
 * AdamW over lists of tensors (https://arxiv.org/abs/1711.05101): learning rate float[1], step int64[1], weights, gradients
 * and both moments, all updated in place; the output says that it happened. `adam_mode` 0 is PyTorch's formula.
 */
export const AdamWOptimizer = defineOp<[Value, Value, Value, Value, Value, Value], AdamWAttributes>(
  'AdamWOptimizer',
  {
    domain: 'com.microsoft',
    floats: ['alpha', 'beta', 'epsilon', 'weight_decay'],
    defaults: { alpha: 0.9, beta: 0.999, epsilon: 1e-8, weight_decay: 1e-2, correct_bias: 1, adam_mode: 0 },
    infer: (inputs) => {
      for (const list of inputs.slice(2)) expectSequence(list!);
      return [{ dtype: 'bool', shape: [1] }];
    },
    gradient: 'none',
  },
);

/** All gradients of a list times min(max_norm / (their common L2 norm + 1e-6), 1), in place. */
export const InplaceClipGradNorm = defineOp<[Value], { max_norm: number; norm_type: string }>(
  'InplaceClipGradNorm',
  {
    domain: 'com.microsoft',
    floats: ['max_norm'],
    defaults: { max_norm: 1, norm_type: 'fro' },
    infer: ([list]) => {
      expectSequence(list);
      return [list];
    },
    gradient: 'none',
  },
);

function expectSequence(list: Value): void {
  if (list.container !== 'sequence')
    throw new GraphError('optimizer', `expected a sequence of tensors, got ${describe(list)}`);
}
