import { sameShape } from '../ir/dim.js';
import { applyOp } from '../ir/op.js';
import { broadcastShapes } from '../ir/shape.js';
import type { Shape } from '../ir/type.js';
import { constantNumbers, type Node, type Value } from '../ir/value.js';
import { add, neg, sub } from '../ops/elementwise.js';
import { Reshape, reshape, transpose } from '../ops/movement.js';
import { ReduceSum } from '../ops/reduce.js';
import { type Pass, rewriteGraph, useCounts } from './pass.js';

/** What a node may be exchanged for; `only` says whether an operand has no other use. */
type Rule = (
  node: Node,
  inputs: readonly (Value | null)[],
  only: (operand: number) => boolean,
) => Value | undefined;

/**
 * Removes what reverse mode writes down and nobody needs: chains of Transpose, Reshape and Neg, neutral factors and
 * terms, expansions in front of an op that broadcasts, dims that a sum keeps for a Reshape to drop, and shapes read from
 * activations where constants say the same.
 */
export const simplify: Pass = (graph) => {
  const counts = useCounts(graph);
  return rewriteGraph(graph, (node, inputs) => {
    const y = node.outputs[0]!;
    const rule = node.op.domain === '' ? rules[node.op.opType] : undefined;
    const simpler = rule?.(node, inputs, (operand) => counts.get(node.inputs[operand]!) === 1);
    return simpler && simpler.dtype === y.dtype && sameShape(simpler.shape, y.shape) ? [simpler] : undefined;
  });
};

/** The operands of the node that a value comes from, where it is of that op. */
function madeBy(value: Value | null | undefined, opType: string): Node | undefined {
  const source = value?.source;
  return source?.kind === 'node' && source.op.domain === '' && source.op.opType === opType
    ? source
    : undefined;
}

const isAll = (value: Value | null | undefined, number: number): boolean =>
  constantNumbers(value)?.every((x) => x === number) ?? false;

const rules: Readonly<Record<string, Rule>> = {
  Identity: (_, [x]) => x!,
  Transpose: (node, [x]) => {
    const inner = madeBy(x, 'Transpose');
    if (inner)
      return transpose(
        inner.inputs[0]!,
        permOf(node).map((axis) => permOf(inner)[axis]!),
      );
    return permOf(node).every((axis, i) => axis === i) ? x! : undefined;
  },
  Reshape: (node, inputs, only) => {
    const x = inputs[0]!;
    if (sameShape(x.shape, node.outputs[0]!.shape)) return x;
    return (only(0) ? withoutKeptDims(x) : undefined) ?? reshapedOnce(node, x, inputs[1]!);
  },
  Expand: (_, [x]) => x!,
  Neg: (_, [x]) => madeBy(x, 'Neg')?.inputs[0] ?? undefined,
  Add: (node, [a, b]) => {
    if (isAll(b, 0)) return a!;
    if (isAll(a, 0)) return b!;
    const [negA, negB] = [madeBy(a, 'Neg')?.inputs[0], madeBy(b, 'Neg')?.inputs[0]];
    return negB ? sub(a!, negB) : negA ? sub(b!, negA) : unexpanded(node, a!, b!);
  },
  Sub: (node, [a, b]) => {
    if (isAll(b, 0)) return a!;
    if (isAll(a, 0)) return neg(b!);
    const negB = madeBy(b, 'Neg')?.inputs[0];
    return negB ? add(a!, negB) : unexpanded(node, a!, b!);
  },
  Mul: (node, [a, b]) => (isAll(b, 1) ? a! : isAll(a, 1) ? b! : unexpanded(node, a!, b!)),
  Div: (node, [a, b]) => (isAll(b, 1) ? a! : unexpanded(node, a!, b!)),
};

const permOf = (node: Node): readonly number[] =>
  (node.attributes.perm as readonly number[] | undefined) ??
  node.inputs[0]!.shape.map((_, axis) => axis).toReversed();

/** A binary op whose operands broadcast to its shape without being expanded first. */
function unexpanded(node: Node, a: Value, b: Value): Value | undefined {
  const [wideA, wideB] = [madeBy(a, 'Expand')?.inputs[0], madeBy(b, 'Expand')?.inputs[0]];
  const fits = (left: Shape, right: Shape) => sameShape(broadcastShapes(left, right), node.outputs[0]!.shape);
  const rebuilt = (left: Value, right: Value) => applyOp(node.op, [left, right], node.attributes)[0];
  if (wideA && fits(wideA.shape, b.shape)) return rebuilt(wideA, b);
  if (wideB && fits(a.shape, wideB.shape)) return rebuilt(a, wideB);
  return undefined;
}

/** Reshape(ReduceSum with keepdims) is the sum without them, if those are the dims that it drops. */
function withoutKeptDims(x: Value): Value | undefined {
  const sum = madeBy(x, 'ReduceSum');
  return sum && ReduceSum.of([sum.inputs[0]!, sum.inputs[1] ?? null], { ...sum.attributes, keepdims: 0 });
}

/** A reshape of what was reshaped before, by constants where these say it: 0 copies a size, one −1 is what remains. */
function reshapedOnce(node: Node, x: Value, shape: Value): Value | undefined {
  const from = madeBy(x, 'Reshape')?.inputs[0] ?? x;
  const wanted = node.outputs[0]!.shape;
  if (sameShape(from.shape, wanted)) return from;
  const dims = wanted.map((dim, axis) => (typeof dim === 'number' ? dim : dim === from.shape[axis] ? 0 : -1));
  const isPlain = !wanted.includes(0) && dims.filter((dim) => dim === -1).length <= 1;
  const numbers = constantNumbers(shape);
  if (isPlain) return from === x && numbers ? undefined : reshape(from, dims);
  // A 0 in the operand would copy a size of the shape in between.
  return from === x || numbers?.includes(0) ? undefined : Reshape.of([from, shape], { ...node.attributes });
}
