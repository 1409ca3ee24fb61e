import { applyOp } from '../ir/op.js';
import { type Graph, graphOf, nameOf } from '../ir/trace.js';
import { constantNumbers, type Node, type Value } from '../ir/value.js';
import { gather } from '../ops/gather.js';
import { reshape, unsqueeze } from '../ops/movement.js';
import { slice } from '../ops/slice.js';
import type { Pass } from './pass.js';

/** Names of the graph inputs that say where the rows [tokens] of a packed batch lie in its blocks [batch, seq]. */
export interface PackedPlaces {
  /** int64 [batch]: the row of each sequence's first token, which is cell (b, 0) of the blocks. */
  readonly first: string;
  /** int64 [batch, seq]: the row of each cell. */
  readonly block: string;
  /** int64 [tokens]: the flat cell of each row. */
  readonly cell: string;
}

/**
 * What of a value is needed: the rows of first tokens, of [tokens, …] or of flat cells [batch·seq, …], or column 0 along an axis of
 * sequences.
 */
type Part = 'rows' | 'cells' | number;
type Need = Part | 'all';

/** An op of parts: what it needs of its operands, and how it is written over those. */
interface Narrowing {
  readonly needs: readonly (Need | undefined)[];
  readonly build?: (inputs: readonly (Value | null)[]) => Value;
}

const elementwise = new Set(
  'Add Sub Mul Div Pow Neg Exp Sqrt Erf Gelu Tanh Sigmoid Relu Max Min Where Cast Softplus Abs'.split(' '),
);

/**
 * Computes only the first token's row of what no other row is needed of: of a head over first tokens (a classifier, cls pooling) that is
 * the last layer but its keys and values. Same numbers to rounding; what an op does not let through is computed in full and cut then.
 * For inference: gradients of packed rows count on every row.
 */
export const firstRows =
  (places: PackedPlaces): Pass =>
  (graph) => {
    const named = new Map(graph.inputs.map((value) => [nameOf(value), value]));
    const [first, block, cell] = [places.first, places.block, places.cell].map((name) => named.get(name));
    if (!first || !block || !cell) return graph;
    const packed = { first, block, cell };
    const needs = needsOf(graph, packed);
    if (![...needs.values()].some((need) => need !== 'all')) return graph;
    return narrowed(graph, packed, needs);
  };

interface Packed {
  readonly first: Value;
  readonly block: Value;
  readonly cell: Value;
}

const isFirstRows = ({ op, inputs, attributes }: Node, { first }: Packed): boolean =>
  op.opType === 'Gather' && (attributes.axis ?? 0) === 0 && inputs[1] === first;

const isNeeded = (node: Node, needs: ReadonlyMap<Value, Need>): boolean =>
  node.outputs.some((output) => needs.has(output));

/** What is needed of a node: a part, if it is the same of every output that is needed, and the op splits. */
function commonNeed({ op, outputs }: Node, needs: ReadonlyMap<Value, Need>): Need {
  const wanted = outputs.filter((output) => needs.has(output));
  const need = needs.get(wanted[0]!)!;
  const alone = wanted.length === 1 && wanted[0] === outputs[0];
  return alone || (op.opType === 'Split' && wanted.every((output) => needs.get(output) === need))
    ? need
    : 'all';
}

/** What is needed of each value that any output needs. */
function needsOf(graph: Graph, packed: Packed): ReadonlyMap<Value, Need> {
  const needs = new Map<Value, Need>(Object.values(graph.outputs).map((value) => [value, 'all']));
  const ask = (value: Value | null | undefined, need: Need) => {
    if (!value) return;
    const known = needs.get(value);
    needs.set(value, known === undefined || known === need ? need : 'all');
  };
  for (const node of graph.nodes.toReversed()) {
    if (!isNeeded(node, needs)) continue;
    const part = commonNeed(node, needs);
    const narrowing = part === 'all' ? undefined : narrow(node, part, packed);
    if (narrowing === undefined)
      for (const output of node.outputs) if (needs.has(output)) needs.set(output, 'all');
    for (const [i, operand] of node.inputs.entries())
      if (narrowing) {
        const need = narrowing.needs[i];
        if (need !== undefined) ask(operand, need);
      } else ask(operand, i === 0 && isFirstRows(node, packed) ? 'rows' : 'all');
  }
  return needs;
}

function narrowed(graph: Graph, packed: Packed, needs: ReadonlyMap<Value, Need>): Graph {
  const whole = new Map<Value, Value>();
  const parts = new Map<Value, Value>();
  const all = (value: Value): Value => whole.get(value) ?? value;
  const partOf = (value: Value, part: Part): Value => {
    if (needs.get(value) === part && parts.has(value)) return parts.get(value)!;
    const x = all(value);
    if (part === 'rows') return gather(x, packed.first);
    if (part === 'cells') return gather(x, gather(packed.cell, packed.first));
    return slice(x, [0], [1], [part]);
  };
  for (const node of graph.nodes) {
    if (!isNeeded(node, needs)) continue;
    const y = node.outputs[0]!;
    const part = commonNeed(node, needs);
    const { op, attributes, hint, scope } = node;
    if (part !== 'all') {
      const { needs: wanted, build } = narrow(node, part, packed)!;
      const inputs = node.inputs.map((operand, i) => {
        const need = wanted[i];
        if (!operand || need === undefined) return null;
        return need === 'all' ? all(operand) : partOf(operand, need);
      });
      const outputs = build ? [build(inputs)] : applyOp(op, inputs, attributes, hint, scope);
      for (const [i, output] of outputs.entries()) parts.set(node.outputs[i]!, output);
      continue;
    }
    if (isFirstRows(node, packed)) {
      whole.set(y, partOf(node.inputs[0]!, 'rows'));
      continue;
    }
    const inputs = node.inputs.map((operand) => operand && all(operand));
    if (inputs.every((operand, i) => operand === node.inputs[i])) continue;
    for (const [i, output] of applyOp(op, inputs, attributes, hint, scope).entries())
      whole.set(node.outputs[i]!, output);
  }
  const outputs = Object.entries(graph.outputs).map(([name, value]) => [name, all(value)] as const);
  return graphOf(graph.inputs, Object.fromEntries(outputs));
}

/** How a part of a node's first output is computed of parts of its operands; undefined where it is not. */
function narrow(node: Node, part: Part, { block, cell }: Packed): Narrowing | undefined {
  const { op, inputs, attributes, outputs } = node;
  const y = outputs[0]!;
  const [x, second] = inputs as readonly (Value | undefined)[];
  const rank = y.shape.length;
  const axis = typeof part === 'number' ? part : 0;
  if (elementwise.has(op.opType))
    return {
      needs: inputs.map((operand) => {
        const at = operand ? axis - rank + operand.shape.length : -1;
        return !operand || at < 0 || operand.shape[at] === 1 ? 'all' : typeof part === 'number' ? at : part;
      }),
    };
  if (part === 'cells') {
    // [batch, seq, …] → [batch·seq, width]
    if (op.opType !== 'Reshape' || x!.shape[0] !== block.shape[0] || x!.shape[1] !== block.shape[1])
      return undefined;
    const width = y.shape[1];
    if (rank !== 2 || typeof width !== 'number') return undefined;
    return { needs: [1], build: ([blocks]) => reshape(blocks!, [-1, width]) };
  }
  if (part === 'rows')
    switch (op.opType) {
      case 'Gemm':
        return (attributes.transA ?? 0) === 0 ? { needs: ['rows', 'all', 'all'] } : undefined;
      case 'MatMul':
        return x!.shape.length === 2 ? { needs: ['rows', 'all'] } : undefined;
      case 'LayerNormalization':
        return isLast(attributes.axis, rank) && rank > 1 ? { needs: ['rows', 'all', 'all'] } : undefined;
      case 'Split':
        return isAcross(attributes.axis ?? 0, x!) ? { needs: ['rows', 'all'] } : undefined;
      case 'Concat':
        return isAcross(attributes.axis, x!) ? { needs: inputs.map(() => 'rows') } : undefined;
      case 'Reshape':
        return constantNumbers(second)?.[0] === 0 ? { needs: ['rows', 'all'] } : undefined;
      case 'Gather':
        if ((attributes.axis ?? 0) !== 0) return undefined;
        // Row first[b] is cell (b, 0): the first cells in their order.
        return second === cell ? { needs: ['cells'], build: ([cells]) => cells! } : undefined;
      default:
        return undefined;
    }
  switch (op.opType) {
    case 'Transpose':
      return { needs: [(attributes.perm as readonly number[])[axis]!] };
    case 'Softmax':
      return isLast(attributes.axis, rank) && axis !== rank - 1 ? { needs: [axis] } : undefined;
    case 'MatMul':
      return axis === rank - 2 && x!.shape.length === rank ? { needs: [axis, 'all'] } : undefined;
    case 'Reshape': {
      // [batch, seq, hidden] → [batch, seq, heads, width]
      const sizes = constantNumbers(second);
      const keeps = sizes?.[0] === 0 && sizes[1] === 0 && axis === 1;
      return keeps ? { needs: [1, 'all'] } : undefined;
    }
    case 'Gather':
      return second === block && axis === 1 && (attributes.axis ?? 0) === 0
        ? { needs: ['rows'], build: ([rows]) => unsqueeze(rows!, [1]) }
        : undefined;
    default:
      return undefined;
  }
}

/** Whether an axis is another than that of the rows. */
const isAcross = (axis: unknown, { shape }: Value): boolean => axis !== 0 && axis !== -shape.length;

const isLast = (axis: unknown, rank: number): boolean =>
  axis === undefined || axis === -1 || axis === rank - 1;
