import { applyOp } from '../ir/op.js';
import { rewrite } from '../ir/rewrite.js';
import { type Graph, graphOf } from '../ir/trace.js';
import type { Node, Value } from '../ir/value.js';
import { cast } from '../ops/elementwise.js';
import { ShapeOp } from '../ops/movement.js';
import { roundInFloat32 } from './mixed-precision-emulation.js';
import { narrowNodes } from './mixed-precision-nodes.js';

/** A type of 16 bits that products compute in: 5 bits of exponent and 10 of fraction, or 8 and 7. */
export type NarrowFloat = 'float16' | 'bfloat16';

export interface MixedPrecisionOptions {
  /**
   * Whether to compute in float32 and round the result of every narrow node to the narrow type and back, for a provider without
   * its kernels: the numbers of a device whose products add up in float32.
   */
  readonly emulate?: boolean;
}

/**
 * Mixed precision (https://arxiv.org/abs/1710.03740): the model's products and what lies between them compute in `dtype`;
 * normalization, softmax, the loss, sums and everything that is fed or yielded stay float32 — so weights, which are cast once per
 * run, and gradients. Comes after the fusions and before `recomputeActivations`; see `narrowNodes` for what is narrow.
 */
export function mixedPrecision(
  graph: Graph,
  dtype: NarrowFloat,
  { emulate = false }: MixedPrecisionOptions = {},
): Graph {
  const narrow = narrowNodes(graph);
  const [narrowed, widened] = [casts(dtype), casts('float32')];
  const rewritten = rewrite(Object.values(graph.outputs), (node, inputs) => {
    if (narrow.has(node)) {
      const operands = inputs.map((value) => (value?.dtype === 'float32' ? narrowed(value) : value));
      return applied(node, operands);
    }
    // A shape is that of either form.
    if (node.op === ShapeOp) return undefined;
    const operands = inputs.map((value, i) =>
      value && value.dtype !== node.inputs[i]!.dtype ? widened(value) : value,
    );
    return operands.some((value, i) => value !== inputs[i]) ? applied(node, operands) : undefined;
  });
  const outputs = Object.entries(graph.outputs).map(([name, { dtype: kept }], i) => [
    name,
    cast(rewritten[i]!, kept),
  ]);
  const mixed = graphOf(graph.inputs, Object.fromEntries(outputs));
  return emulate ? roundInFloat32(mixed, dtype) : mixed;
}

const applied = (
  { op, attributes, hint, scope }: Node,
  inputs: readonly (Value | null)[],
): readonly Value[] => applyOp(op, inputs, attributes, hint, scope);

/** Casts to one type, each value once. */
function casts(to: 'float32' | NarrowFloat): (value: Value) => Value {
  const known = new Map<Value, Value>();
  return (value) => {
    const result = known.get(value) ?? cast(value, to);
    known.set(value, result);
    return result;
  };
}
