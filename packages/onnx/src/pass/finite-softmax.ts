import type { Node, Value } from '../ir/value.js';
import { equal, where } from '../ops/elementwise.js';
import { softmax } from '../ops/normalize.js';
import { reduceMax } from '../ops/reduce.js';
import { type Pass, rewriteGraph } from './pass.js';

/**
 * Softmax over scores of −∞ alone is not a number, and its gradient poisons every weight, even where torch's exporters write
 * `Where(IsNaN(softmax), 0, softmax)` behind it. The same numbers with a gradient of 0: such rows are found before the softmax.
 */
export const finiteSoftmax: Pass = (graph) =>
  rewriteGraph(graph, (node, [condition, otherwise, y]) => {
    if (node.op.opType !== 'Where' || !condition || !otherwise || !y) return undefined;
    const [check, source] = [madeBy(condition, 'IsNaN'), madeBy(y, 'Softmax')];
    if (!check || !source || check.inputs[0] !== y) return undefined;
    const scores = source.inputs[0]!;
    const axis = source.attributes.axis as number;
    const empty = equal(reduceMax(scores, [axis], true), Number.NEGATIVE_INFINITY);
    return [where(empty, otherwise, softmax(where(empty, 0, scores), axis))];
  });

const madeBy = ({ source }: Value, opType: string): Node | undefined =>
  source.kind === 'node' && source.op.domain === '' && source.op.opType === opType ? source : undefined;
