import { gradients } from '../grad/gradients.js';
import { evaluateDim } from '../ir/dim.js';
import { GraphError } from '../ir/error.js';
import type { Op } from '../ir/op.js';
import { type Graph, graphOf, nameOf, trace } from '../ir/trace.js';
import { type Dim, formatType, isFloat, type Shape, type TensorType } from '../ir/type.js';
import { input, type Value } from '../ir/value.js';
import { add, mul } from '../ops/elementwise.js';
import { reduceSum } from '../ops/reduce.js';
import { floats, type HostTensor, inPrecision, numbersOf } from './host-tensor.js';
import { type OpenGraph, openGraph } from './run-graph.js';

export type Precision = 'float32' | 'float64';

/** One application of an op, or of a small function, at concrete inputs. */
export interface OpCase {
  /** Ops that the traced graph must hold; may be empty for a function of many. */
  readonly ops: readonly Op[];
  /** Floating-point inputs are given in float64 and rounded where the test runs in float32. */
  readonly inputs: Readonly<Record<string, HostTensor>>;
  /**
   * Shapes of the second trace, in which sizes may be symbols: by default every size above 1 becomes the symbol of that
   * size. `false` for an op that needs static sizes.
   */
  readonly symbolic?: false | Readonly<Record<string, Shape>>;
  /** For ops whose kernels compute parts in float32 whatever they are given; by default what there are kernels for. */
  readonly precision?: Precision;
  /** Inputs to differentiate by; every floating-point input by default, none where all `ops` have no gradient. */
  readonly wrt?: readonly string[];
  build(values: Readonly<Record<string, Value>>): Value | readonly Value[];
}

/** What a test ran with. */
export interface OpReport {
  /** float64 where ONNX Runtime's CPU provider has every kernel for it, else float32. */
  readonly precision: Precision;
  readonly differentiated: readonly string[];
}

// Five-point central difference: error h⁴·f⁽⁵⁾/30 + ε·|f|/h.
const settings = {
  float64: { step: 1e-4, tolerance: 1e-8 },
  float32: { step: 1e-2, tolerance: 3e-4 },
} as const;
const DIRECTIONS = 3;

/**
 * Runs an op on ONNX Runtime and throws `GraphError` unless (a) every output has the inferred dtype and shape, with
 * static and with symbolic sizes, and (b) the gradient by every floating-point input, contracted with random
 * directions, equals a central difference; symbolic and static gradients must agree too.
 */
export async function testOp(test: OpCase): Promise<OpReport> {
  const where = test.ops.map((op) => op.opType).join('+') || 'testOp';
  const differentiable = test.ops.length === 0 || test.ops.some((op) => op.gradient !== 'none');
  const wrt =
    test.wrt ??
    (differentiable ? Object.keys(test.inputs).filter((name) => isFloat(test.inputs[name]!.dtype)) : []);
  const precision = test.precision ?? (await choosePrecision(test, wrt));
  const feeds = Object.fromEntries(
    Object.entries(test.inputs).map(([name, x]) => [name, inPrecision(x, precision)]),
  );
  const fixed = await examine(where, test, wrt, feeds, staticShapes(test));
  if (test.symbolic !== false) {
    const symbolic = await examine(where, test, wrt, feeds, test.symbolic ?? symbolicShapes(test));
    for (const name of wrt)
      expectClose(where, `symbolic gradient by "${name}"`, symbolic[name]!, fixed[name]!, precision);
  }
  return { precision, differentiated: wrt };
}

export const staticShapes = (test: OpCase): Record<string, Shape> =>
  Object.fromEntries(Object.entries(test.inputs).map(([name, x]) => [name, x.shape]));

const symbolicShapes = (test: OpCase): Record<string, Shape> =>
  Object.fromEntries(
    Object.entries(test.inputs).map(([name, x]) => [
      name,
      x.shape.map((dim): Dim => (dim > 1 ? `n${dim}` : dim)),
    ]),
  );

/** The op's outputs, and with weights of their shapes the gradients of Σ weight·output. */
export function graphsOf(
  test: OpCase,
  wrt: readonly string[],
  precision: Precision,
  shapes: Readonly<Record<string, Shape>>,
) {
  const types = Object.fromEntries(
    Object.entries(test.inputs).map(([name, x]): [string, TensorType] => [
      name,
      { dtype: isFloat(x.dtype) ? precision : x.dtype, shape: shapes[name] ?? x.shape },
    ]),
  );
  const forward = trace(types, (values) => {
    const built = test.build(values);
    const outputs: readonly Value[] = 'source' in built ? [built] : built;
    return Object.fromEntries(outputs.map((y, i) => [`y${i}`, y]));
  });
  for (const op of test.ops)
    if (!forward.nodes.some((node) => node.op === op))
      throw new GraphError(op.opType, 'expected a case that applies this op, got a graph without it');
  if (wrt.length === 0) return { forward };
  const floating = Object.entries(forward.outputs).filter(([, y]) => y.dtype === precision);
  const weights = floating.map(([name, y]) => input(`weight_${name}`, precision, y.shape));
  const loss = floating.map(([, y], i) => reduceSum(mul(y, weights[i]!))).reduce((a, b) => add(a, b));
  const by = gradients(
    loss,
    wrt.map((name) => forward.inputs.find((value) => nameOf(value) === name)!),
  );
  const backward = graphOf(
    [...forward.inputs, ...weights],
    Object.fromEntries(wrt.map((name, i) => [`d_${name}`, by[i]!])),
  );
  return { forward, backward };
}

async function choosePrecision(test: OpCase, wrt: readonly string[]): Promise<Precision> {
  const { forward, backward } = graphsOf(test, wrt, 'float64', staticShapes(test));
  try {
    for (const graph of [forward, backward]) if (graph) await (await openGraph(graph)).close();
    return 'float64';
  } catch (error) {
    // ORT_NOT_IMPLEMENTED, or a type that the op's schema does not list.
    if (
      /NOT_IMPLEMENTED|Could not find an implementation|Type 'tensor\(double\)'/.test(
        (error as Error).message,
      )
    )
      return 'float32';
    throw error;
  }
}

async function examine(
  where: string,
  test: OpCase,
  wrt: readonly string[],
  feeds: Readonly<Record<string, HostTensor>>,
  shapes: Readonly<Record<string, Shape>>,
): Promise<Record<string, HostTensor>> {
  const precision = Object.values(feeds).some((x) => x.dtype === 'float64') ? 'float64' : 'float32';
  const { forward, backward } = graphsOf(test, wrt, precision, shapes);
  const symbols = symbolsOf(forward, feeds);
  const open = await openGraph(forward);
  try {
    const outputs = await open.run(feeds);
    for (const [name, y] of Object.entries(forward.outputs))
      expectType(where, name, y, outputs[name]!, symbols);
    if (!backward) return {};
    const weights = Object.fromEntries(
      Object.entries(outputs)
        .filter(([, y]) => y.dtype === precision)
        .map(([name, y], i) => [`weight_${name}`, inPrecision(floats(y.shape, 1000 + i), precision)]),
    );
    const back = await openGraph(backward);
    try {
      const results = await back.run(used(backward, { ...feeds, ...weights }));
      for (const name of wrt) {
        const gradient = results[`d_${name}`]!;
        expectType(where, `gradient by "${name}"`, backward.outputs[`d_${name}`]!, gradient, symbols);
        await compareWithDifference(where, open, feeds, weights, name, gradient, precision);
      }
      return Object.fromEntries(wrt.map((name) => [name, results[`d_${name}`]!]));
    } finally {
      await back.close();
    }
  } finally {
    await open.close();
  }
}

const used = (graph: Graph, feeds: Readonly<Record<string, HostTensor>>) =>
  Object.fromEntries(graph.inputs.map((value) => [nameOf(value), feeds[nameOf(value)]!]));

function symbolsOf(graph: Graph, feeds: Readonly<Record<string, HostTensor>>): Record<string, number> {
  return Object.fromEntries(
    graph.inputs.flatMap((value) =>
      value.shape.flatMap((dim, axis) =>
        typeof dim === 'string' ? [[dim, feeds[nameOf(value)]!.shape[axis]!] as const] : [],
      ),
    ),
  );
}

function expectType(
  where: string,
  what: string,
  inferred: Value,
  got: HostTensor,
  symbols: Record<string, number>,
) {
  const shape = inferred.shape.map((dim) => evaluateDim(dim, symbols));
  if (
    got.dtype !== inferred.dtype ||
    got.shape.length !== shape.length ||
    got.shape.some((dim, i) => dim !== shape[i])
  )
    throw new GraphError(
      where,
      `expected ${what} of the inferred type ${formatType(inferred)} = [${shape.join(', ')}], got ${formatType(got)} from ONNX Runtime`,
    );
}

async function compareWithDifference(
  where: string,
  open: OpenGraph,
  feeds: Readonly<Record<string, HostTensor>>,
  weights: Readonly<Record<string, HostTensor>>,
  name: string,
  gradient: HostTensor,
  precision: Precision,
): Promise<void> {
  const { step, tolerance } = settings[precision];
  const at = numbersOf(feeds[name]!);
  const g = numbersOf(gradient);
  for (let trial = 0; trial < DIRECTIONS; trial++) {
    const direction = numbersOf(floats(feeds[name]!.shape, 2000 + trial));
    const lossAt = async (steps: number): Promise<number> => {
      const moved = {
        dtype: 'float64',
        shape: feeds[name]!.shape,
        data: Float64Array.from(at, (x, i) => x + steps * step * direction[i]!),
      } as const;
      const outputs = await open.run({ ...feeds, [name]: inPrecision(moved, precision) });
      return Object.entries(weights).reduce(
        (sum, [weight, w]) => sum + dot(numbersOf(w), numbersOf(outputs[weight.slice('weight_'.length)]!)),
        0,
      );
    };
    const [far, near, back, farBack] = [await lossAt(2), await lossAt(1), await lossAt(-1), await lossAt(-2)];
    const difference = (8 * (near - back) - (far - farBack)) / (12 * step);
    const analytic = dot(g, direction);
    const scale = Math.max(Math.sqrt(dot(g, g) * dot(direction, direction)), 1e-2);
    if (!(Math.abs(difference - analytic) <= tolerance * scale))
      throw new GraphError(
        where,
        `expected a ${precision} gradient by "${name}" of ${difference} along direction ${trial} (central difference), got ${analytic} (scale ${scale})`,
      );
  }
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * b[i]!, 0);

function expectClose(
  where: string,
  what: string,
  got: HostTensor,
  expected: HostTensor,
  precision: Precision,
): void {
  const bound = precision === 'float64' ? 1e-12 : 1e-5;
  const [a, b] = [numbersOf(got), numbersOf(expected)];
  const scale = Math.max(1, ...b.map(Math.abs));
  const at = a.findIndex((x, i) => !(Math.abs(x - b[i]!) <= bound * scale));
  if (at >= 0 || a.length !== b.length)
    throw new GraphError(
      where,
      `expected ${what} to equal the static one, got ${a[at]} instead of ${b[at]} at ${at}`,
    );
}
