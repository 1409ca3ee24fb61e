import { sameShape } from '../ir/dim.js';
import { GraphError } from '../ir/error.js';
import { topologicalOrder } from '../ir/order.js';
import { formatType, isFloat } from '../ir/type.js';
import { constant, describe, type Node, scope, type Value } from '../ir/value.js';
import { add } from '../ops/elementwise.js';
import { reshapeLike } from '../ops/movement.js';
import { reduceSum } from '../ops/reduce.js';

/**
 * The gradients of a scalar `loss` by each of `wrt`, as plain graph values of their shapes (reverse mode).
 *
 * Throws `GraphError` where the loss is not a floating-point scalar, does not depend on one of `wrt`, or passes through
 * an op that is not differentiable.
 */
export function gradients(loss: Value, wrt: readonly Value[]): Value[] {
  if (loss.shape.length > 0 || !isFloat(loss.dtype))
    throw new GraphError(
      'gradients',
      `expected a floating-point scalar loss, got ${formatType(loss)} — reduceSum() or reduceMean() it`,
    );
  const arrived = new Map<Value, Value>([[loss, constant(1, loss.dtype)]]);
  const wanted = new Set(wrt);
  const nodes = topologicalOrder([loss]);
  const relevant = dependents(nodes, wanted);
  for (const node of nodes.toReversed()) {
    if (!relevant.has(node) || !node.outputs.some((output) => arrived.has(output))) continue;
    scope(['gradient', node.scope].filter(Boolean).join('/'), () =>
      propagate(node, arrived, (input) => wanted.has(input) || isRelevant(input, relevant)),
    );
  }
  return wrt.map((value) => {
    const gradient = arrived.get(value);
    if (!gradient)
      throw new GraphError(
        'gradients',
        `expected a loss that depends on ${describe(value)}, got one that does not — leave it out or freeze it`,
      );
    return gradient;
  });
}

const isRelevant = (value: Value, relevant: ReadonlySet<Node>): boolean =>
  value.source.kind === 'node' && relevant.has(value.source);

/** The nodes that lie on a differentiable path from one of `wrt`. */
function dependents(nodes: readonly Node[], wrt: ReadonlySet<Value>): Set<Node> {
  const relevant = new Set<Node>();
  for (const node of nodes)
    if (
      node.inputs.some(
        (input) => input && isFloat(input.dtype) && (wrt.has(input) || isRelevant(input, relevant)),
      )
    )
      if (node.outputs.some((output) => isFloat(output.dtype))) relevant.add(node);
  return relevant;
}

function propagate(node: Node, arrived: Map<Value, Value>, needed: (input: Value) => boolean): void {
  const { op, inputs, outputs, attributes, hint } = node;
  if (!inputs.some((input) => input && isFloat(input.dtype) && needed(input))) return;
  if (op.gradient === 'none') {
    const where = [node.scope, op.opType].filter(Boolean).join('/');
    throw new GraphError(
      where,
      `expected a differentiable op on the way from the loss, got ${op.opType} of ${inputs.map(describe).join(', ')}`,
    );
  }
  const incoming = outputs.map((output) => arrived.get(output) ?? null);
  const first = incoming[0];
  const context = {
    inputs,
    outputs,
    attributes,
    hint,
    y: outputs[0]!,
    gradients: incoming,
    get dy(): Value {
      if (!first)
        throw new GraphError(
          op.opType,
          'expected a gradient at the first output, got none — only its other outputs are used',
        );
      return first;
    },
  };
  for (const [at, contribution] of op.gradient(context).entries()) {
    const input = inputs[at];
    if (!input || !contribution || !needed(input)) continue;
    const gradient = sumToShape(contribution, input);
    const known = arrived.get(input);
    arrived.set(input, known ? add(known, gradient) : gradient);
  }
}

/** Undoes broadcasting: sums over the axes that the operand did not have or had with size 1. */
function sumToShape(gradient: Value, like: Value): Value {
  if (sameShape(gradient.shape, like.shape)) return gradient;
  const extra = gradient.shape.length - like.shape.length;
  if (extra < 0)
    throw new GraphError(
      'gradients',
      `expected a gradient of rank ≥ ${like.shape.length} for ${describe(like)}, got ${formatType(gradient)}`,
    );
  const axes = gradient.shape.flatMap((dim, axis) =>
    axis < extra || (like.shape[axis - extra] === 1 && dim !== 1) ? [axis] : [],
  );
  const summed = axes.length > 0 ? reduceSum(gradient, axes, true) : gradient;
  const kept = summed.shape.slice(extra);
  if (!sameShape(kept, like.shape))
    throw new GraphError(
      'gradients',
      `expected a gradient that sums to ${formatType(like)} for ${describe(like)}, got ${formatType(gradient)}`,
    );
  return reshapeLike(summed, like);
}
