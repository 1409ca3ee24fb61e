import { isStatic } from '../ir/dim.js';
import type { Graph } from '../ir/trace.js';
import type { Node, Value } from '../ir/value.js';
import { isBackward } from './recompute.js';

const products = new Set([':MatMul', ':Gemm', 'com.microsoft:FusedMatMul']);
/** The same elements in another order or shape: rounding before and after is the same. */
const reshaping = new Set([':Transpose', ':Reshape', ':Squeeze', ':Unsqueeze', ':Identity']);
/** Some of the elements. */
const choosing = new Set([':Expand', ':Gather', ':Slice', ':Split', ':Concat']);
/** One pass over activations whose result is rounded once, as that of a product is. */
const elementwise = new Set([
  'com.microsoft:Gelu',
  ':Relu',
  ':Tanh',
  ':Add',
  ':Sub',
  ':Mul',
  ':Neg',
  ':Where',
]);

const keyOf = ({ op }: Node): string => `${op.domain}:${op.opType}`;

/**
 * The nodes of a float32 graph that compute in a narrow type under mixed precision: products of the model — those with a
 * weight, and those before one, as in attention — and the products of their gradients; what moves their results or operands;
 * elementwise ops with such nodes on both sides. Products behind the last weight are the scores' or the loss's and stay as
 * they are, and so does everything else: normalization, softmax, sums.
 *
 * A weight is a parameter, or a graph input of static shape and rank ≥ 2.
 */
export function narrowNodes(graph: Graph): ReadonlySet<Node> {
  const users = usersOf(graph);
  const narrow = new Set(forwardProducts(graph, users));
  const operands = new Set([...narrow].flatMap((node) => node.inputs.map((value) => value && moved(value))));
  for (const node of graph.nodes)
    if (
      isBackward(node) &&
      isProduct(node) &&
      node.inputs.some((value) => value && operands.has(moved(value)))
    )
      narrow.add(node);
  const outputs = new Set(Object.values(graph.outputs));
  const isWanted = (node: Node): boolean =>
    node.outputs.every(
      (value) => !outputs.has(value) && (users.get(value) ?? []).every((user) => narrow.has(user)),
    );
  for (const node of graph.nodes.toReversed())
    if (reshaping.has(keyOf(node)) && isFloat32(node.outputs[0]!) && isWanted(node)) narrow.add(node);
  for (const node of graph.nodes) if (!narrow.has(node) && carries(node, narrow, isWanted)) narrow.add(node);
  return narrow;
}

const isFloat32 = ({ dtype }: Value): boolean => dtype === 'float32';

const isProduct = (node: Node): boolean => products.has(keyOf(node)) && isFloat32(node.outputs[0]!);

/** Whether a node goes on with what its narrow operands hold. */
function carries(node: Node, narrow: ReadonlySet<Node>, isWanted: (node: Node) => boolean): boolean {
  const key = keyOf(node);
  const isElementwise = elementwise.has(key);
  if (!(isElementwise || reshaping.has(key) || choosing.has(key)) || !isFloat32(node.outputs[0]!))
    return false;
  const data = node.inputs.filter((value): value is Value => value !== null && isFloat32(value));
  const isNarrow = ({ source }: Value): boolean => source.kind === 'node' && narrow.has(source);
  // A constant of elementwise arithmetic takes the type of what it meets.
  const counted = isElementwise ? data.filter(({ source }) => source.kind !== 'constant') : data;
  return counted.length > 0 && counted.every(isNarrow) && (!isElementwise || isWanted(node));
}

/** Products of the forward pass that have a weight or whose results go on to one that has. */
function forwardProducts(graph: Graph, users: ReadonlyMap<Value, readonly Node[]>): Node[] {
  const before = new Set<Node>();
  for (const node of graph.nodes.toReversed()) {
    if (isBackward(node)) continue;
    const isOnTheWay = node.outputs.some((value) =>
      (users.get(value) ?? []).some((user) => before.has(user)),
    );
    if (isOnTheWay || (isProduct(node) && node.inputs.slice(0, 2).some(isWeight))) before.add(node);
  }
  return [...before].filter(isProduct);
}

function isWeight(value: Value | null): boolean {
  const { source, shape } = moved(value!);
  return source.kind === 'parameter' || (source.kind === 'input' && shape.length >= 2 && isStatic(shape));
}

/** What a value was before its elements were put in another order or shape. */
function moved(value: Value): Value {
  let { source } = value;
  let from = value;
  while (source.kind === 'node' && reshaping.has(keyOf(source))) {
    from = source.inputs[0]!;
    source = from.source;
  }
  return from;
}

function usersOf({ nodes }: Graph): ReadonlyMap<Value, readonly Node[]> {
  const users = new Map<Value, Node[]>();
  for (const node of nodes)
    for (const value of node.inputs) {
      if (!value) continue;
      const known = users.get(value);
      if (known) known.push(node);
      else users.set(value, [node]);
    }
  return users;
}
