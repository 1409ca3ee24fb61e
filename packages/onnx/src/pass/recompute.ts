import { applyOp } from '../ir/op.js';
import type { Graph } from '../ir/trace.js';
import type { Node, Value } from '../ir/value.js';
import { type Pass, rewriteGraph } from './pass.js';

/** Ops of one cheap pass over memory. */
const cheap = new Set(['Gelu', 'Where']);

/**
 * A forward value that the backward pass reads is computed again there, where that is one cheap elementwise op and its
 * operands are kept for the backward pass anyway: GELU's output beside its input, attention weights after dropout beside
 * those before. Saves their memory between the two passes (https://arxiv.org/abs/1604.06174).
 *
 * ONNX Runtime merges equal nodes: a session that runs such a graph disables its `CommonSubexpressionElimination`.
 */
export const recomputeActivations: Pass = (graph) => {
  const kept = keptForBackward(graph);
  const again = new Map<Value, Value>();
  return rewriteGraph(graph, (node, inputs) => {
    if (!isBackward(node)) return undefined;
    const operands = inputs.map((input, i) => {
      const source = node.inputs[i]?.source;
      if (!input || source?.kind !== 'node' || isBackward(source) || !isRecomputed(source, kept))
        return input;
      const copy = again.get(input) ?? copyOf(input);
      again.set(input, copy);
      return copy;
    });
    return operands.every((operand, i) => operand === inputs[i])
      ? undefined
      : applyOp(node.op, operands, node.attributes, node.hint, node.scope);
  });
};

/** Written by `gradients`, which puts its nodes under this scope. */
export const isBackward = ({ scope }: Node): boolean => scope === 'gradient' || scope.startsWith('gradient/');

/** What the backward pass reads, and what is there all the time: inputs, parameters and constants. */
function keptForBackward(graph: Graph): (value: Value | null) => boolean {
  const read = new Set(graph.nodes.filter(isBackward).flatMap((node) => node.inputs));
  return (value) => value?.source.kind !== 'node' || read.has(value);
}

const isRecomputed = (node: Node, kept: (value: Value | null) => boolean): boolean =>
  cheap.has(node.op.opType) && node.inputs.every((input) => kept(input) && !isRecomputedItself(input));

/** An operand that is itself computed again would no longer be kept. */
const isRecomputedItself = (value: Value | null): boolean =>
  value?.source.kind === 'node' && cheap.has(value.source.op.opType);

function copyOf(value: Value): Value {
  const { op, inputs, attributes, hint, scope } = value.source as Node;
  return applyOp(op, inputs, attributes, hint, `gradient/recompute/${scope}`)[value.index]!;
}
