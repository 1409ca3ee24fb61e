import { dtypes, evaluateDim, type Graph, type Node, type Value } from '@rag/onnx';

/** Ops whose result is another view of their first operand. */
const views = new Set(['Reshape', 'Squeeze', 'Unsqueeze', 'Identity']);
/** Ops that ONNX Runtime lets write over an operand of the result's size that nothing reads after them. */
const inPlace = new Set(
  'Add Sub Mul Div Neg Sqrt Reciprocal Exp Log Erf Sigmoid Tanh Relu Floor Abs Not'.split(' '),
);

/**
 * The most bytes of intermediate values that one run of a graph holds at once, when nodes run in ONNX Runtime's order and each value goes
 * after its last use. Inputs, parameters and outputs are somebody else's memory.
 * @param symbols the values of the symbolic sizes
 */
export function liveBytes(graph: Graph, symbols: Readonly<Record<string, number>>): number {
  const order = executionOrder(graph);
  const outputs = new Set(Object.values(graph.outputs));
  const bytesOf = ({ dtype, shape }: Value): number =>
    shape.reduce<number>((size, dim) => size * evaluateDim(dim, symbols), dtypes[dtype].bytes);
  /** The memory in which a value lies, and its size: 0 for what is not ours. */
  const homes = new Map<Value, { readonly bytes: number; readers: number }>();
  const none = { bytes: 0, readers: Number.POSITIVE_INFINITY };
  const readers = new Map<Value, number>();
  for (const node of order)
    for (const value of node.inputs) if (value) readers.set(value, (readers.get(value) ?? 0) + 1);
  let [live, most] = [0, 0];
  for (const node of order) {
    for (const value of node.outputs) {
      const count = readers.get(value) ?? 0;
      const home = homeOf(node, value);
      if (home) home.readers += count;
      const own = home ?? (outputs.has(value) ? none : { bytes: bytesOf(value), readers: count });
      if (!home) live += own.bytes;
      homes.set(value, own);
    }
    most = Math.max(most, live);
    for (const value of [...node.inputs, ...node.outputs.filter((each) => !readers.has(each))]) {
      const home = value && homes.get(value);
      if (!home || home.bytes === 0) continue;
      if (readers.has(value)) home.readers--;
      if (home.readers === 0) {
        live -= home.bytes;
        home.readers = Number.NaN;
      }
    }
  }
  return most;

  /** Where an output lies if it takes an operand's memory. */
  function homeOf(node: Node, output: Value): { readonly bytes: number; readers: number } | undefined {
    const [first] = node.inputs;
    if (views.has(node.op.opType) && first) return homes.get(first) ?? none;
    if (!inPlace.has(node.op.opType) || outputs.has(output)) return undefined;
    const bytes = bytesOf(output);
    const dying = node.inputs.find((value) => {
      const home = value && homes.get(value);
      const here = node.inputs.filter((other) => other === value).length;
      return home && home.bytes === bytes && home.readers === here;
    });
    return dying ? homes.get(dying) : undefined;
  }
}

/**
 * The order in which ONNX Runtime runs nodes: a walk from those that nothing reads, the last written first, through operands written last
 * first (`Graph::ReverseDFSFrom` in onnxruntime/core/graph/graph.cc).
 */
export function executionOrder({ nodes }: Pick<Graph, 'nodes'>): Node[] {
  const place = new Map(nodes.map((node, i) => [node, i]));
  const read = new Set<Node>();
  const sources = (node: Node): Node[] => {
    const all = node.inputs.flatMap((value) => (value?.source.kind === 'node' ? [value.source] : []));
    return [...new Set(all)].toSorted((a, b) => place.get(a)! - place.get(b)!);
  };
  for (const node of nodes) for (const source of sources(node)) read.add(source);
  const stack = nodes.filter((node) => !read.has(node)).map((node) => ({ node, leave: false }));
  const entered = new Set<Node>();
  const order: Node[] = [];
  while (stack.length > 0) {
    const { node, leave } = stack.pop()!;
    if (leave) order.push(node);
    if (leave || entered.has(node)) continue;
    entered.add(node);
    stack.push({ node, leave: true });
    for (const source of sources(node)) if (!entered.has(source)) stack.push({ node: source, leave: false });
  }
  return order;
}
