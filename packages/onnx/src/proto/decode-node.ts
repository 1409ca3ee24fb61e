import { GraphError } from '../ir/error.js';
import { applyOp } from '../ir/op.js';
import { scope, type Value } from '../ir/value.js';
import { opKey, opTable } from '../ops/table.js';
import { checkedAttribute } from './decode-attribute.js';
import { decodeForm } from './decode-forms.js';
import type { NodeProto } from './generated/onnx-ml_pb.js';

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
  // torch begins its names with a slash.
  const path = node.name.split('/').slice(0, -1).filter(Boolean).join('/');
  const outputs =
    scope(path, () => decodeForm({ node, inputs, where })) ?? applied(node, inputs, where, path);
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

function applied(
  node: NodeProto,
  inputs: readonly (Value | null)[],
  where: string,
  path: string,
): readonly Value[] {
  const op = opTable.get(opKey(node.domain, node.opType));
  if (!op)
    throw new GraphError(
      where,
      `expected an op that @rag/onnx knows, got ${node.domain || 'ai.onnx'}.${node.opType}`,
    );
  const given = node.attribute.map(
    (attribute) => [attribute.name, checkedAttribute(attribute, op.defaults, where)] as const,
  );
  return applyOp(op, inputs, { ...op.defaults, ...Object.fromEntries(given) }, undefined, path);
}
