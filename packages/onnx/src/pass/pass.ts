import { GraphError } from '../ir/error.js';
import { type Rewriter, rewrite } from '../ir/rewrite.js';
import { type Graph, graphOf } from '../ir/trace.js';
import { formatType } from '../ir/type.js';
import type { Value } from '../ir/value.js';

/**
 * A graph from an equivalent graph. Nodes that no output needs vanish by construction, since a graph is what its outputs
 * reach: there is no pass for it.
 */
export type Pass = (graph: Graph) => Graph;

/** The graph with nodes replaced bottom-up; throws `GraphError` if an output's type would change. */
export function rewriteGraph(graph: Graph, rewriter: Rewriter): Graph {
  const names = Object.keys(graph.outputs);
  const values = rewrite(Object.values(graph.outputs), rewriter);
  for (const [i, name] of names.entries()) {
    const [was, is] = [formatType(graph.outputs[name]!), formatType(values[i]!)];
    if (was !== is) throw new GraphError(`output "${name}"`, `expected a pass to keep ${was}, got ${is}`);
  }
  return graphOf(graph.inputs, Object.fromEntries(names.map((name, i) => [name, values[i]!])));
}

/** How often each value is an operand or an output of the graph. */
export function useCounts(graph: Graph): ReadonlyMap<Value, number> {
  const counts = new Map<Value, number>();
  const count = (value: Value | null) => value && counts.set(value, (counts.get(value) ?? 0) + 1);
  for (const node of graph.nodes) for (const operand of node.inputs) count(operand);
  for (const value of Object.values(graph.outputs)) count(value);
  return counts;
}
