import { cast, type Graph, gather, graphOf, type Node, rewrite, type Value } from '@rag/onnx';

/**
 * A graph whose parameters are stored in half precision and widened where they are read; of a table of embeddings only the rows that are.
 * @param narrow the narrow parameter of a float32 one; undefined: it stays
 */
export function widenParameters(graph: Graph, narrow: (parameter: Value) => Value | undefined): Graph {
  const halves = new Map<Value, Value>();
  for (const value of graph.parameters) {
    const half = narrow(value);
    if (half) halves.set(value, half);
  }
  const wide = new Map([...halves].map(([value, half]) => [value, cast(half, 'float32')] as const));
  const outputs = rewrite(
    Object.values(graph.outputs),
    ({ op, inputs, attributes }, operands) => {
      const half = op.opType === 'Gather' && attributes.axis === 0 && inputs[0] && halves.get(inputs[0]);
      return half ? [cast(gather(half, operands[1]!), 'float32')] : undefined;
    },
    wide,
  );
  const names = Object.keys(graph.outputs);
  const widened = graphOf(graph.inputs, Object.fromEntries(names.map((name, i) => [name, outputs[i]!])));
  return { ...widened, nodes: widenedLate(widened.nodes) };
}

/**
 * What has no operands but parameters comes first. ONNX Runtime orders nodes from the outputs back and of a node's operands takes the one that stands
 * later in the file first (`Graph::ReverseDFSFrom`): so it widens each weight right before the layer that reads it, and else all of them before
 * the first layer.
 */
function widenedLate(nodes: readonly Node[]): Node[] {
  const isWidening = ({ op, inputs }: Node) =>
    op.opType === 'Cast' && inputs.every((value) => value?.source.kind === 'parameter');
  return [...nodes.filter(isWidening), ...nodes.filter((node) => !isWidening(node))];
}
