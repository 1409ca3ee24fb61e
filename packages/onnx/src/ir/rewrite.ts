import { applyOp } from './op.js';
import { topologicalOrder } from './order.js';
import { type Node, scope, type Value } from './value.js';

/**
 * What a pass does with a node whose operands are already rewritten: new outputs, or undefined to keep it. It runs under
 * the node's scope.
 */
export type Rewriter = (node: Node, inputs: readonly (Value | null)[]) => readonly Value[] | undefined;

/**
 * The same graph with nodes replaced bottom-up. Unchanged parts are shared with the original; `replaced` maps values
 * that are exchanged before any node is looked at (a boundary tensor by an input, say).
 */
export function rewrite(
  outputs: readonly Value[],
  rewriter: Rewriter,
  replaced: ReadonlyMap<Value, Value> = new Map(),
): Value[] {
  const result = new Map<Value, Value>(replaced);
  const now = (value: Value): Value => result.get(value) ?? value;
  for (const node of topologicalOrder(outputs, replaced)) {
    if (node.outputs.every((output) => replaced.has(output))) continue;
    const inputs = node.inputs.map((input) => input && now(input));
    const rewritten =
      (node.scope ? scope(node.scope, () => rewriter(node, inputs)) : rewriter(node, inputs)) ??
      (inputs.every((input, i) => input === node.inputs[i])
        ? node.outputs
        : applyOp(node.op, inputs, node.attributes, node.hint, node.scope));
    for (const [i, output] of node.outputs.entries())
      if (!replaced.has(output)) result.set(output, rewritten[i]!);
  }
  return outputs.map(now);
}

/** The same graph with some values exchanged for others. */
export const replaceValues = (outputs: readonly Value[], replaced: ReadonlyMap<Value, Value>): Value[] =>
  rewrite(outputs, () => undefined, replaced);
