import {
  add,
  type Graph,
  gather,
  gemm,
  graphOf,
  linear,
  matmul,
  mul,
  type Node,
  nameOf,
  parameter,
  rewrite,
  type Value,
} from '@rag/onnx';
import type { LowRank } from './low-rank.js';

/** A graph that computes adapters, and the elements of the parameters that it has more. */
export interface AdaptedGraph {
  readonly graph: Graph;
  /** `<module>.lora_A.<i>.weight` [rank, in] and `<module>.lora_B.<i>.weight` [out, rank] of the i-th adapter. */
  readonly factors: ReadonlyMap<string, Float32Array>;
}

interface Factors {
  readonly left: Value;
  readonly right: Value;
  readonly scaling: number;
}

/**
 * A graph whose weights stay as they are stored, while it computes as if their adapters were added to them
 * (https://arxiv.org/abs/2106.09685): a linear layer gets scaling·(x·Aᵀ)·Bᵀ more, rows of a table scaling·B[ids]·A. What reads a weight in another way
 * reads a sum that the graph makes.
 * @param adaptersOf of the parameter of this name, left [rows, rank] and right [rank, columns]; none: []
 */
export function adaptedGraph(graph: Graph, adaptersOf: (name: string) => readonly LowRank[]): AdaptedGraph {
  const factors = new Map<string, Float32Array>();
  const adapters = new Map<Value, readonly Factors[]>();
  for (const weight of graph.parameters) {
    const name = nameOf(weight);
    const own = adaptersOf(name).map(({ left, right, rank, scaling }, i): Factors => {
      const [rows, columns] = weight.shape as readonly [number, number];
      const factor = (letter: 'A' | 'B', shape: readonly number[], data: Float32Array) => {
        const full = `${name.replace(/\.weight$/, '')}.lora_${letter}.${i}.weight`;
        factors.set(full, data);
        return parameter(full, shape);
      };
      return { left: factor('B', [rows, rank], left), right: factor('A', [rank, columns], right), scaling };
    });
    if (own.length > 0) adapters.set(weight, own);
  }
  if (adapters.size === 0) return { graph, factors };
  const sums = new Map<Value, Value>();
  for (const node of graph.nodes)
    for (const [at, value] of node.inputs.entries()) {
      const own = value && adapters.get(value);
      if (own && !sums.has(value) && !isBeside(node, at)) sums.set(value, sumOf(value, own));
    }
  const outputs = rewrite(
    Object.values(graph.outputs),
    (node, operands) => {
      const at = node.op.opType === 'Gather' ? 0 : 1;
      const weight = node.inputs[at];
      const own = weight && !sums.has(weight) && isBeside(node, at) ? adapters.get(weight) : undefined;
      return own && [at === 0 ? rowsOf(operands, own) : productOf(node, operands, own)];
    },
    sums,
  );
  const names = Object.keys(graph.outputs);
  const adapted = graphOf(graph.inputs, Object.fromEntries(names.map((name, i) => [name, outputs[i]!])));
  return { graph: adapted, factors };
}

/** Whether a node can have the adapters of operand `at` beside it: a linear layer of its weight, or rows of its table. */
function isBeside({ op, attributes, inputs }: Node, at: number): boolean {
  if (op.opType === 'Gather') return at === 0 && attributes.axis === 0 && inputs[1]!.shape.length > 0;
  return op.opType === 'Gemm' && at === 1 && attributes.transA === 0 && attributes.transB === 1;
}

const sumOf = (weight: Value, own: readonly Factors[]): Value =>
  own.reduce((sum, { left, right, scaling }) => gemm(left, right, { alpha: scaling, c: sum }), weight);

const rowsOf = ([table, ids]: readonly (Value | null)[], own: readonly Factors[]): Value =>
  own.reduce(
    (rows, { left, right, scaling }) => add(rows, mul(matmul(gather(left, ids!), right), scaling)),
    gather(table!, ids!),
  );

function productOf(
  { attributes }: Node,
  [x, weight, bias]: readonly (Value | null)[],
  own: readonly Factors[],
): Value {
  const { alpha, beta } = attributes as { readonly alpha: number; readonly beta: number };
  const y = gemm(x!, weight!, { alpha, beta, transB: 1, ...(bias && { c: bias }) });
  return own.reduce(
    (sum, { left, right, scaling }) =>
      gemm(linear(x!, right), left, { transB: 1, alpha: alpha * scaling, c: sum }),
    y,
  );
}
