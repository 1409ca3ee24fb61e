import { GraphError } from '../ir/error.js';
import { type Attribute, type Attributes, constant, type Value } from '../ir/value.js';
import { tensorConstant } from './decode-tensor.js';
import {
  type AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  type NodeProto,
} from './generated/onnx-ml_pb.js';

/** The value of a node's only attribute: what Constant and ConstantOfShape hold. */
export function constantAttribute({ attribute }: NodeProto, where: string): Value {
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
export function checkedAttribute(attribute: AttributeProto, defaults: Attributes, where: string): Attribute {
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

/** An attribute's number, text or list. */
export function attributeOf(attribute: AttributeProto, where: string): Attribute {
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
