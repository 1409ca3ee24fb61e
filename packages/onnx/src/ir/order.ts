import type { Node, Value } from './value.js';

/**
 * The nodes that `outputs` depend on, each after its operands, in the order in which a depth-first walk meets them. It does not go behind
 * the values of `until`.
 */
export function topologicalOrder(outputs: readonly Value[], until?: { has(value: Value): boolean }): Node[] {
  const order: Node[] = [];
  const state = new Map<Node, 'open' | 'done'>();
  const stack: Node[] = [];
  const push = (value: Value | null) => {
    if (value?.source.kind === 'node' && !state.has(value.source) && !until?.has(value))
      stack.push(value.source);
  };
  for (const output of outputs) {
    push(output);
    while (stack.length > 0) {
      const node = stack.at(-1)!;
      if (state.get(node) === 'done') {
        stack.pop();
      } else if (state.get(node) === 'open') {
        state.set(node, 'done');
        order.push(node);
        stack.pop();
      } else {
        state.set(node, 'open');
        for (const input of node.inputs.toReversed()) push(input);
      }
    }
  }
  return order;
}

/** Every leaf (input, parameter, constant) that `outputs` depend on, in order of first use. */
export function leavesOf(outputs: readonly Value[]): Value[] {
  const leaves = new Set<Value>();
  for (const node of topologicalOrder(outputs))
    for (const input of node.inputs) if (input && input.source.kind !== 'node') leaves.add(input);
  for (const output of outputs) if (output.source.kind !== 'node') leaves.add(output);
  return [...leaves];
}
