import { type Graph, nameOf } from './trace.js';
import { formatType } from './type.js';
import type { Node, Value } from './value.js';

/** The graph as text, one node a line, for people: `%3 = MatMul(%1, encoder.weight)  float32[tokens, 32]  # encoder`. */
export function printGraph(graph: Graph): string {
  const numbers = new Map<Node, number>(graph.nodes.map((node, i) => [node, i]));
  const refer = (value: Value | null): string => {
    if (!value) return '_';
    const { source } = value;
    if (source.kind === 'constant')
      return source.data.length <= 4 ? `[${[...source.data].join(', ')}]` : formatType(value);
    if (source.kind !== 'node') return source.name;
    return source.outputs.length > 1 ? `%${numbers.get(source)}.${value.index}` : `%${numbers.get(source)}`;
  };
  const attributes = (node: Node): string =>
    Object.entries(node.attributes)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${Array.isArray(value) ? `[${value.join(', ')}]` : value}`)
      .join(', ');
  return [
    ...graph.inputs.map((value) => `input ${nameOf(value)}  ${formatType(value)}`),
    ...graph.parameters.map((value) => `parameter ${nameOf(value)}  ${formatType(value)}`),
    ...graph.nodes.map((node, i) => {
      const listed = attributes(node);
      const call = `${node.op.opType}${listed ? `{${listed}}` : ''}(${node.inputs.map(refer).join(', ')})`;
      return `%${i} = ${call}  ${node.outputs.map(formatType).join(' ')}${node.scope ? `  # ${node.scope}` : ''}`;
    }),
    ...Object.entries(graph.outputs).map(
      ([name, value]) => `output ${name} = ${refer(value)}  ${formatType(value)}`,
    ),
  ].join('\n');
}
