import { divDims, isStatic, sizeOf } from '../ir/dim.js';
import { GraphError } from '../ir/error.js';
import { normalizeAxis } from '../ir/shape.js';
import { constant, constantNumbers, describe, type Value } from '../ir/value.js';
import { add, cast, gelu, mul, sqrt, tanh } from '../ops/elementwise.js';
import { Expand, identity, reshape } from '../ops/movement.js';
import { LayerNormalization } from '../ops/normalize.js';
import { ReduceMax, ReduceMean, ReduceProd, ReduceSum } from '../ops/reduce.js';
import { split } from '../ops/slice.js';
import { attributeOf, constantAttribute } from './decode-attribute.js';
import type { NodeProto } from './generated/onnx-ml_pb.js';

/** A node that a file says otherwise than our graphs do. */
export interface ForeignNode {
  readonly node: NodeProto;
  readonly inputs: readonly (Value | null)[];
  /** For errors. */
  readonly where: string;
}

/** The node's outputs in our ops; undefined where the op table has it as it stands. */
type Form = (foreign: ForeignNode) => readonly Value[] | undefined;

/** What a node yields where other writers' form of it is not ours; undefined where it is. */
export const decodeForm = (foreign: ForeignNode): readonly Value[] | undefined =>
  formOf(foreign.node)?.(foreign);

/** Whether an op is known by its form, be it in the op table or not. */
export const hasForm = (node: NodeProto): boolean => formOf(node) !== undefined;

function formOf({ domain, opType }: NodeProto): Form | undefined {
  const forms = domain === 'com.microsoft' ? microsoft : domain === '' || domain === 'ai.onnx' ? onnx : {};
  return Object.hasOwn(forms, opType) ? forms[opType] : undefined;
}

const numberOf = ({ node, where }: ForeignNode, name: string): number | undefined => {
  const attribute = node.attribute.find((one) => one.name === name);
  return attribute && (attributeOf(attribute, where) as number);
};

/** The operand; throws where the file leaves it out. */
function operand({ node, inputs, where }: ForeignNode, at: number): Value {
  const value = inputs[at];
  if (!value)
    throw new GraphError(
      where,
      `expected operand ${at} of ${node.opType}, got none — export the model again`,
    );
  return value;
}

/** From opset 18 on a reduction's axes are an operand, before they are an attribute. */
const reduction =
  (op: typeof ReduceMean | typeof ReduceMax | typeof ReduceProd): Form =>
  (foreign) => {
    const x = operand(foreign, 0);
    if (!foreign.inputs[1] && foreign.node.attribute.every(({ name }) => name !== 'noop_with_empty_axes'))
      return undefined;
    const axes = axesOf(foreign);
    if (axes?.length === 0 && numberOf(foreign, 'noop_with_empty_axes') === 1) return [identity(x)];
    return [op.of([x], { axes, keepdims: numberOf(foreign, 'keepdims') ?? 1 })];
  };

function axesOf({ node, inputs, where }: ForeignNode): number[] | undefined {
  const attribute = node.attribute.find(({ name }) => name === 'axes');
  if (attribute) return attributeOf(attribute, where) as number[];
  const axes = inputs[1] ? constantNumbers(inputs[1]) : [];
  if (!axes) throw new GraphError(where, `expected constant axes of ${node.opType}, got data`);
  return axes;
}

/** √(Σ x²), which has no op of its own here. */
const reduceL2: Form = (foreign) => {
  const x = operand(foreign, 0);
  const axes = axesOf(foreign) ?? [];
  const keepdims = numberOf(foreign, 'keepdims') ?? 1;
  const along = axes.length > 0 ? axes : x.shape.map((_, axis) => axis);
  const sum = ReduceSum.of([mul(x, x), constant(along, 'int64')], { keepdims });
  return [sqrt(sum)];
};

const onnx: Readonly<Record<string, Form>> = {
  Constant: ({ node, where }) => [constantAttribute(node, where)],
  ConstantOfShape: (foreign) =>
    foreign.node.attribute.length === 0
      ? undefined
      : [Expand.of([reshape(constantAttribute(foreign.node, foreign.where), []), operand(foreign, 0)])],
  Split: (foreign) => (foreign.inputs[1] ? undefined : evenParts(foreign)),
  Flatten: (foreign) => [flatten(operand(foreign, 0), numberOf(foreign, 'axis') ?? 1, foreign.where)],
  ReduceMean: reduction(ReduceMean),
  ReduceMax: reduction(ReduceMax),
  ReduceProd: reduction(ReduceProd),
  ReduceL2: reduceL2,
  Sum: (foreign) => [foreign.inputs.map((_, at) => operand(foreign, at)).reduce((a, b) => add(a, b))],
  CastLike: (foreign) => [cast(operand(foreign, 0), operand(foreign, 1).dtype)],
  Dropout: inferenceDropout,
  Gelu: (foreign) => {
    const approximate = foreign.node.attribute.find(({ name }) => name === 'approximate');
    const kind = approximate ? attributeOf(approximate, foreign.where) : 'none';
    return [kind === 'tanh' ? tanhGelu(operand(foreign, 0)) : gelu(operand(foreign, 0))];
  },
};

/** Fusions that ONNX Runtime's optimizer writes (docs/ContribOperators.md), as what they are made of. */
const microsoft: Readonly<Record<string, Form>> = {
  BiasGelu: (foreign) => [gelu(add(operand(foreign, 0), operand(foreign, 1)))],
  FastGelu: (foreign) => {
    const x = operand(foreign, 0);
    return [tanhGelu(foreign.inputs[1] ? add(x, foreign.inputs[1]) : x)];
  },
  SkipLayerNormalization: (foreign) => {
    const [skip, scale] = [operand(foreign, 1), operand(foreign, 2)];
    const [beta, bias] = [foreign.inputs[3] ?? null, foreign.inputs[4]];
    const sum = add(bias ? add(operand(foreign, 0), bias) : operand(foreign, 0), skip);
    const [y, mean, inverse] = LayerNormalization.all([sum, scale, beta], {
      axis: -1,
      epsilon: numberOf(foreign, 'epsilon') ?? 1e-12,
    });
    return [y!, mean!, inverse!, sum];
  },
};

function evenParts({ node, inputs, where }: ForeignNode): readonly Value[] | undefined {
  const [x] = inputs;
  if (!x) return undefined;
  const axis = Number(node.attribute.find(({ name }) => name === 'axis')?.i ?? 0n);
  const length = divDims(x.shape.at(axis) ?? 0, node.output.length);
  if (typeof length !== 'number')
    throw new GraphError(
      where,
      `expected a static axis that ${node.output.length} parts divide, got ${describe(x)}`,
    );
  return split(
    x,
    node.output.map(() => length),
    axis,
  );
}

/** Two axes: those before `axis` as one, and the others. */
function flatten(x: Value, axis: number, where: string): Value {
  const at = axis === x.shape.length ? axis : normalizeAxis(axis, x.shape.length);
  const [before, after] = [x.shape.slice(0, at), x.shape.slice(at)];
  if (isStatic(after)) return reshape(x, [-1, sizeOf(after) as number]);
  if (isStatic(before)) return reshape(x, [sizeOf(before) as number, -1]);
  if (at === 1) return reshape(x, [0, -1]);
  throw new GraphError(where, `expected static sizes before or after axis ${axis}, got ${describe(x)}`);
}

/** A file for inference keeps everything; only the first output is there. */
function inferenceDropout(foreign: ForeignNode): readonly Value[] {
  const { inputs, where } = foreign;
  const training = inputs[2] ? constantNumbers(inputs[2]) : [0];
  if (training?.[0] !== 0)
    throw new GraphError(
      where,
      'expected Dropout that is off, got one that trains — export the model in eval mode',
    );
  return [identity(operand(foreign, 0))];
}

/** ½x·(1 + tanh(√(2/π)·(x + 0.044715·x³))). */
function tanhGelu(x: Value): Value {
  const inner = mul(add(x, mul(mul(mul(x, x), x), 0.044715)), Math.sqrt(2 / Math.PI));
  return mul(mul(x, 0.5), add(tanh(inner), 1));
}
