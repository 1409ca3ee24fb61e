import { sameShape } from '../ir/dim.js';
import { constantNumbers, type Node, type Value } from '../ir/value.js';
import { FusedMatMul, MatMul } from '../ops/matmul.js';
import { type Pass, rewriteGraph, useCounts } from './pass.js';

/** alpha·A'·B', however it is written down. */
interface Product {
  readonly a: Value;
  readonly b: Value;
  readonly alpha: number;
  readonly transA: boolean;
  readonly transB: boolean;
}

/**
 * Transposes of the last two axes and scalar factors around MatMul become one com.microsoft.FusedMatMul; for providers
 * that have it (cpu, cuda). A transpose or a factor before the product that others use stays for them; what comes after
 * it is taken in only where the product has no other use, so that none is computed twice. Gemm has flags of its own.
 */
export const fuseMatmul: Pass = (graph) => {
  const uses = useCounts(graph);
  const inner = (node: Node, inputs: readonly (Value | null)[]): Product | undefined =>
    uses.get(node.inputs[0]!) === 1 ? productOf(inputs[0]!) : undefined;
  return rewriteGraph(graph, (node, inputs) => {
    const y = node.outputs[0]!;
    if (y.dtype === 'float64') return undefined;
    const product = productOf(y, inputs);
    if (product) return same(product, inputs) ? undefined : fused(product);
    if (node.op.opType === 'Transpose' && swapsLastTwo(y)) {
      const of = inner(node, inputs);
      return of && fused({ ...of, a: of.b, b: of.a, transA: !of.transB, transB: !of.transA });
    }
    if (node.op.opType !== 'Mul' && node.op.opType !== 'Div') return undefined;
    const factored = scaled(y, inputs);
    const at = factored ? inputs.indexOf(factored.x) : -1;
    if (!factored || uses.get(node.inputs[at]!) !== 1) return undefined;
    const of = productOf(factored.x);
    return of && fused({ ...of, alpha: Math.fround(of.alpha * factored.factor) });
  });
};

const same = ({ a, b }: Product, inputs: readonly (Value | null)[]): boolean =>
  a === inputs[0] && b === inputs[1];

const fused = ({ a, b, alpha, transA, transB }: Product): readonly Value[] =>
  alpha === 1 && !transA && !transB
    ? MatMul.all([a, b])
    : FusedMatMul.all([a, b], { alpha, transA: transA ? 1 : 0, transB: transB ? 1 : 0 });

/** A product with the transposes and factors of its operands taken in; undefined for other values. */
function productOf(y: Value, inputs = y.source.kind === 'node' ? y.source.inputs : []): Product | undefined {
  if (y.source.kind !== 'node' || (y.source.op.opType !== 'MatMul' && y.source.op !== FusedMatMul))
    return undefined;
  const {
    alpha = 1,
    transA = 0,
    transB = 0,
  } = y.source.attributes as { alpha?: number; transA?: number; transB?: number };
  const [left, right] = [unwrapped(inputs[0]!), unwrapped(inputs[1]!)];
  return {
    a: left.x,
    b: right.x,
    alpha: Math.fround(alpha * left.factor * right.factor),
    transA: (transA === 1) !== left.transposed,
    transB: (transB === 1) !== right.transposed,
  };
}

function unwrapped(value: Value): { x: Value; transposed: boolean; factor: number } {
  let [x, transposed, factor] = [value, false, 1];
  for (;;) {
    if (x.source.kind !== 'node') break;
    const factored = scaled(x, x.source.inputs);
    if (swapsLastTwo(x)) {
      transposed = !transposed;
      x = x.source.inputs[0]!;
    } else if (factored) {
      factor = Math.fround(factor * factored.factor);
      x = factored.x;
    } else break;
  }
  return { x, transposed, factor };
}

function swapsLastTwo({ source }: Value): boolean {
  if (source.kind !== 'node' || source.op.opType !== 'Transpose') return false;
  const rank = source.inputs[0]!.shape.length;
  const perm = (source.attributes.perm as readonly number[] | undefined) ?? [];
  return (
    rank >= 2 &&
    perm.every((from, to) => from === (to < rank - 2 ? to : 2 * rank - 3 - to)) &&
    perm.length === rank
  );
}

/** x times a constant scalar that leaves its shape alone. */
function scaled(y: Value, inputs: readonly (Value | null)[]): { x: Value; factor: number } | undefined {
  if (y.source.kind !== 'node') return undefined;
  const { opType } = y.source.op;
  if (opType !== 'Mul' && opType !== 'Div') return undefined;
  for (const [x, c] of opType === 'Mul'
    ? ([
        [0, 1],
        [1, 0],
      ] as const)
    : ([[0, 1]] as const)) {
    const numbers = constantNumbers(inputs[c]);
    if (numbers?.length !== 1 || !sameShape(inputs[x]!.shape, y.shape)) continue;
    const factor = Math.fround(opType === 'Mul' ? numbers[0]! : 1 / numbers[0]!);
    if (Number.isFinite(factor)) return { x: inputs[x]!, factor };
  }
  return undefined;
}
