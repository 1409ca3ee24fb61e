import { applyOp } from '../ir/op.js';
import type { Graph } from '../ir/trace.js';
import type { Node, Value } from '../ir/value.js';
import { Cast, cast } from '../ops/elementwise.js';
import type { NarrowFloat } from './mixed-precision.js';
import { rewriteGraph } from './pass.js';

/**
 * A graph of mixed precision in float32 alone: a cast to `dtype` rounds, a cast from it does nothing, and every other node that
 * yields `dtype` computes in float32 and rounds once. Rounding is a pair of Cast nodes, to nearest with ties to even, beyond
 * the largest number to infinity; ONNX Runtime's CPU provider has both and keeps a pair that a graph spells out.
 *
 * That provider also takes float16 products as they are, but computes them in float32 without rounding anything (it has no
 * such kernel on x86, casts around the node and removes its casts again): they would prove nothing.
 */
export function roundInFloat32(graph: Graph, dtype: NarrowFloat): Graph {
  const rounded = (value: Value): Value => cast(cast(value, dtype), 'float32');
  return rewriteGraph(graph, (node, inputs) => {
    const reads = node.inputs.some((value) => value?.dtype === dtype);
    const yields = node.outputs[0]!.dtype === dtype;
    if (node.op === Cast && yields) return [rounded(cast(inputs[0]!, 'float32'))];
    if (node.op === Cast && reads) return [cast(inputs[0]!, node.outputs[0]!.dtype)];
    if (!reads && !yields) return undefined;
    const outputs = again(node, inputs);
    return yields ? outputs.map((value) => (value.dtype === 'float32' ? rounded(value) : value)) : outputs;
  });
}

const again = ({ op, attributes, hint, scope }: Node, inputs: readonly (Value | null)[]): readonly Value[] =>
  applyOp(op, inputs, attributes, hint, scope);
