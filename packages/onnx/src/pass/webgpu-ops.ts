import type { Value } from '../ir/value.js';
import { exp, greater, less, log, sub, where } from '../ops/elementwise.js';
import { reduceMax, reduceSum } from '../ops/reduce.js';
import { type Pass, rewriteGraph } from './pass.js';

/**
 * Float operators that ONNX Runtime 1.30's webgpu provider does not have, and would run on the host, made of those that it has; the same numbers to
 * rounding. LogSoftmax is `s − log Σ exp s` with `s = x − max x`.
 */
export const webgpuOps: Pass = (graph) =>
  rewriteGraph(graph, ({ op, attributes }, [x]) => {
    if (op.domain !== '' || !x) return undefined;
    if (op.opType === 'LogSoftmax') return [logSoftmax(x, attributes.axis as number)];
    if (op.opType === 'Sign' && x.dtype === 'float32')
      return [where(greater(x, 0), 1, where(less(x, 0), -1, x))];
    return undefined;
  });

function logSoftmax(x: Value, axis: number): Value {
  const shifted = sub(x, reduceMax(x, [axis], true));
  return sub(shifted, log(reduceSum(exp(shifted), [axis], true)));
}
