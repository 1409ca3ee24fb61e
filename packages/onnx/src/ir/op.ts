import { GraphError } from './error.js';
import type { TensorType } from './type.js';
import { type Attributes, currentScope, describe, type Node, type Value } from './value.js';

/** What a gradient rule sees. */
export interface Differentiation<
  I extends readonly (Value | null)[] = readonly (Value | null)[],
  A = Attributes,
> {
  readonly inputs: I;
  readonly outputs: readonly Value[];
  /** The first output. */
  readonly y: Value;
  /** The loss's gradient by the first output. */
  readonly dy: Value;
  /** The loss's gradient by each output; `null` where the loss does not depend on it. */
  readonly gradients: readonly (Value | null)[];
  readonly attributes: A;
  readonly hint: unknown;
}

/**
 * One op: its shape rule and its gradient side by side.
 *
 * A rule returns the mathematics only, one gradient per input: the engine sums contributions and undoes broadcasting,
 * so Add's rule is `({ dy }) => [dy, dy]`. `null` says "no gradient for this input"; `'none'` says that the op is not
 * differentiable (indices, comparisons). Leaving it out does not compile.
 */
export interface OpRule<I extends readonly (Value | null)[], A> {
  /** Output types; throws `GraphError` on operands that ONNX would refuse. */
  infer(inputs: I, attributes: A): readonly TensorType[];
  readonly gradient: ((context: Differentiation<I, A>) => { readonly [K in keyof I]: Value | null }) | 'none';
  /** ONNX domain; the default is `ai.onnx`. */
  readonly domain?: string;
  /** How many operands there are where trailing ones may be left out; a file then does not list them. */
  readonly operands?: number;
  /** Numeric attributes that ONNX declares as FLOAT; all others are INT. */
  readonly floats?: readonly string[];
  /**
   * Every attribute that a file may give, with what leaving it out means (ai.onnx opset 13–17, com.microsoft 1);
   * `undefined` where it is required or has no default. Reading a file refuses attributes that are not listed.
   */
  readonly defaults?: Attributes;
}

/** An op of any arity, as nodes refer to it. */
export interface Op {
  readonly opType: string;
  readonly domain: string;
  readonly floats: readonly string[];
  readonly defaults: Attributes;
  readonly operands: number;
  infer(inputs: readonly (Value | null)[], attributes: Attributes): readonly TensorType[];
  readonly gradient: ((context: Differentiation) => readonly (Value | null)[]) | 'none';
}

/** An op that can be applied; the operands' types are those of its rule. */
export interface TypedOp<I extends readonly (Value | null)[], A> extends Op {
  /** All outputs. */
  all(inputs: I, attributes?: A, hint?: unknown): readonly Value[];
  /** The first output. */
  of(inputs: I, attributes?: A, hint?: unknown): Value;
}

// biome-ignore lint/complexity/noBannedTypes: an op without attributes has none
export function defineOp<I extends readonly (Value | null)[], A extends Attributes = {}>(
  opType: string,
  rule: OpRule<I, A>,
): TypedOp<I, A> {
  const op: TypedOp<I, A> = {
    opType,
    domain: rule.domain ?? '',
    floats: rule.floats ?? [],
    defaults: rule.defaults ?? {},
    operands: rule.operands ?? 0,
    infer: rule.infer as unknown as Op['infer'],
    gradient: rule.gradient as unknown as Op['gradient'],
    all: (inputs: I, attributes?: A, hint?: unknown) => applyOp(op, inputs, attributes ?? {}, hint),
    of: (inputs: I, attributes?: A, hint?: unknown) => applyOp(op, inputs, attributes ?? {}, hint)[0]!,
  };
  return op;
}

/** A node of `op`, as its outputs; errors name the op, its scope and its operands. */
export function applyOp(
  op: Op,
  given: readonly (Value | null)[],
  attributes: Attributes,
  hint?: unknown,
  scope: string = currentScope(),
): readonly Value[] {
  const where = [scope, op.opType].filter(Boolean).join('/');
  const inputs = Array.from({ length: Math.max(given.length, op.operands) }, (_, i) => given[i] ?? null);
  let types: readonly TensorType[];
  try {
    types = op.infer(inputs, attributes);
  } catch (error) {
    const problem =
      error instanceof GraphError
        ? error.problem
        : `expected the operands and attributes of ${op.opType}, got others (${(error as Error).message})`;
    throw new GraphError(where, `${problem} (operands: ${inputs.map(describe).join(', ')})`, {
      cause: error,
    });
  }
  const outputs: Value[] = [];
  const node: Node = { kind: 'node', op, inputs, attributes, outputs, scope, hint };
  for (const [index, type] of types.entries()) outputs.push({ ...type, source: node, index });
  return outputs;
}
