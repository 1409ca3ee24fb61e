import { divDims } from '../ir/dim.js';
import { GraphError } from '../ir/error.js';
import { applyOp } from '../ir/op.js';
import { type Attribute, type Attributes, constant, describe, type Value } from '../ir/value.js';
import { Expand, reshape } from '../ops/movement.js';
import { split } from '../ops/slice.js';
import { opKey, opTable } from '../ops/table.js';
import { tensorConstant } from './decode-tensor.js';
import {
  type AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  type NodeProto,
} from './generated/onnx-ml_pb.js';

/** The value of that name; throws `GraphError` where nothing has it yet. */
export function lookUp(name: string, values: ReadonlyMap<string, Value>, where: string): Value {
  const value = values.get(name);
  if (!value)
    throw new GraphError('decode', `expected "${name}" to be written before ${where}, got no such value`);
  return value;
}

/**
 * Adds what a node yields to `values`, under the names of its outputs. Throws `GraphError` on an op, an operand or an
 * attribute that our graphs have none for.
 */
export function decodeNode(node: NodeProto, values: Map<string, Value>): void {
  const where = `node "${node.name}"`;
  const inputs = node.input.map((name) => (name === '' ? null : lookUp(name, values, where)));
  const outputs = special(node, inputs, where) ?? applied(node, inputs, where);
  for (const [i, name] of node.output.entries()) {
    if (name === '') continue;
    const output = outputs[i];
    if (!output)
      throw new GraphError(
        where,
        `expected at most ${outputs.length} outputs of ${node.opType}, got ${node.output.length}`,
      );
    if (values.has(name))
      throw new GraphError(where, `expected a new name for each output, got "${name}" again`);
    values.set(name, output);
  }
}

function applied(node: NodeProto, inputs: readonly (Value | null)[], where: string): readonly Value[] {
  const op = opTable.get(opKey(node.domain, node.opType));
  if (!op)
    throw new GraphError(
      where,
      `expected an op that @rag/onnx knows, got ${node.domain || 'ai.onnx'}.${node.opType}`,
    );
  const given = node.attribute.map(
    (attribute) => [attribute.name, checkedAttribute(attribute, op.defaults, where)] as const,
  );
  const scope = node.name.split('/').slice(0, -1).join('/');
  return applyOp(op, inputs, { ...op.defaults, ...Object.fromEntries(given) }, undefined, scope);
}

/** Ops that other writers use and our graphs say otherwise: constants, and Split into even parts. */
function special(
  node: NodeProto,
  inputs: readonly (Value | null)[],
  where: string,
): readonly Value[] | undefined {
  if (node.domain !== '' && node.domain !== 'ai.onnx') return undefined;
  const [first] = inputs;
  if (node.opType === 'Constant') return [constantAttribute(node, where)];
  if (node.opType === 'ConstantOfShape' && first && node.attribute.length > 0)
    return [Expand.of([reshape(constantAttribute(node, where), []), first])];
  if (node.opType === 'Split' && first && !inputs[1]) {
    const axis = Number(node.attribute.find(({ name }) => name === 'axis')?.i ?? 0n);
    const length = divDims(first.shape.at(axis) ?? 0, node.output.length);
    if (typeof length !== 'number')
      throw new GraphError(
        where,
        `expected a static axis that ${node.output.length} parts divide, got ${describe(first)}`,
      );
    return split(
      first,
      node.output.map(() => length),
      axis,
    );
  }
  return undefined;
}

function constantAttribute({ attribute }: NodeProto, where: string): Value {
  const [only] = attribute;
  if (!only || attribute.length > 1)
    throw new GraphError(where, `expected one attribute, got ${attribute.length}`);
  switch (only.type) {
    case AttributeType.TENSOR:
      if (only.t) return tensorConstant(only.t);
      break;
    case AttributeType.FLOAT:
    case AttributeType.FLOATS:
      return constant(attributeOf(only, where) as number, 'float32');
    case AttributeType.INT:
    case AttributeType.INTS:
      return constant(attributeOf(only, where) as number, 'int64');
  }
  throw new GraphError(where, `expected a tensor or numbers in "${only.name}", got type ${only.type}`);
}

/** An attribute that the op lists, of the kind (number, string, list) of its default. */
function checkedAttribute(attribute: AttributeProto, defaults: Attributes, where: string): Attribute {
  if (!Object.hasOwn(defaults, attribute.name))
    throw new GraphError(
      where,
      `expected attributes among [${Object.keys(defaults).join(', ')}], got "${attribute.name}"`,
    );
  const value = attributeOf(attribute, where);
  const usual = defaults[attribute.name];
  if (usual !== undefined && typeof usual !== typeof value)
    throw new GraphError(where, `expected "${attribute.name}" to be a ${typeof usual}, got ${typeof value}`);
  return value;
}

function attributeOf(attribute: AttributeProto, where: string): Attribute {
  const text = new TextDecoder();
  const integer = (i: bigint): number => {
    if (!Number.isSafeInteger(Number(i)))
      throw new GraphError(where, `expected "${attribute.name}" within ±2^53, got ${i}`);
    return Number(i);
  };
  switch (attribute.type) {
    case AttributeType.FLOAT:
      return attribute.f;
    case AttributeType.INT:
      return integer(attribute.i);
    case AttributeType.STRING:
      return text.decode(attribute.s);
    case AttributeType.FLOATS:
      return attribute.floats;
    case AttributeType.INTS:
      return attribute.ints.map(integer);
    case AttributeType.STRINGS:
      return attribute.strings.map((bytes) => text.decode(bytes));
    default:
      throw new GraphError(
        where,
        `expected attribute "${attribute.name}" to be a number, string or list, got type ${attribute.type}`,
      );
  }
}
