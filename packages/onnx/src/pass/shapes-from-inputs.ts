import type { Graph } from '../ir/trace.js';
import type { Dim } from '../ir/type.js';
import { constant, type Value } from '../ir/value.js';
import { ShapeOp } from '../ops/movement.js';
import { concat, slice } from '../ops/slice.js';
import { type Pass, rewriteGraph } from './pass.js';

/**
 * Reads symbolic sizes from the graph's inputs instead of from activations, which a Shape node would otherwise keep alive
 * until the backward pass asks. A size that is no input's own symbol (`batch*seq`) stays as it was.
 */
export const shapesFromInputs: Pass = (graph) => {
  const sources = symbolSources(graph);
  const leaves = new Set<Value>(graph.inputs);
  const pieces = new Map<Dim, Value>();
  const sizeOf = (dim: Dim): Value => {
    const known = pieces.get(dim);
    if (known) return known;
    const [input, axis] = sources.get(dim) ?? [];
    const piece =
      input === undefined
        ? constant([dim as number], 'int64')
        : slice(ShapeOp.of([input]), [axis!], [axis! + 1], [0]);
    pieces.set(dim, piece);
    return piece;
  };
  return rewriteGraph(graph, (node, [x]) => {
    if (node.op !== ShapeOp || !x || leaves.has(x)) return undefined;
    const { start, end } = node.attributes as { start?: number; end?: number };
    const dims = x.shape.slice(start, end);
    if (dims.length === 0 || !dims.every((dim) => typeof dim === 'number' || sources.has(dim)))
      return undefined;
    return [concat(dims.map(sizeOf), 0)];
  });
};

/** For each symbol, the first input that has it as a size, and its axis there. */
function symbolSources(graph: Graph): Map<Dim, readonly [Value, number]> {
  const sources = new Map<Dim, readonly [Value, number]>();
  for (const input of graph.inputs)
    for (const [axis, dim] of input.shape.entries())
      if (typeof dim === 'string' && !sources.has(dim)) sources.set(dim, [input, axis]);
  return sources;
}
