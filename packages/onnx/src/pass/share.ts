import { applyOp } from '../ir/op.js';
import type { Attributes, Constant, Node, Value } from '../ir/value.js';
import { type Pass, rewriteGraph } from './pass.js';

/** Bytes of the largest constants that are compared. */
const MOST_BYTES = 4096;

/**
 * Merges equal nodes that yield int64 only — shapes and indices — and equal small constants among their operands.
 * Floating-point nodes stay apart: two of them that are equal may be a recomputation that is meant.
 */
export const shareIntegers: Pass = (graph) => {
  const numbers = new Map<Value, number>();
  const numberOf = (value: Value | null): string => {
    if (!value) return '_';
    const shared = value.source.kind === 'constant' ? constants(value) : value;
    if (!numbers.has(shared)) numbers.set(shared, numbers.size);
    return String(numbers.get(shared));
  };
  const seenConstants = new Map<string, Value>();
  const constants = (value: Value): Value => {
    const { data } = value.source as Constant;
    if (data.byteLength > MOST_BYTES) return value;
    const key = `${value.dtype}[${value.shape}]${data}`;
    const known = seenConstants.get(key);
    if (!known) seenConstants.set(key, value);
    return known ?? value;
  };
  const seen = new Map<string, readonly Value[]>();
  return rewriteGraph(graph, (node: Node, inputs) => {
    if (!node.outputs.every(({ dtype }) => dtype === 'int64')) return undefined;
    const key = `${node.op.domain}:${node.op.opType}(${inputs.map(numberOf)})${keyOf(node.attributes)}`;
    const known = seen.get(key);
    if (known) return known;
    const merged = inputs.some((operand, i) => operand !== node.inputs[i]);
    const outputs = merged ? applyOp(node.op, inputs, node.attributes, node.hint, node.scope) : node.outputs;
    seen.set(key, outputs);
    return outputs;
  });
};

const keyOf = (attributes: Attributes): string =>
  JSON.stringify(Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1)));
