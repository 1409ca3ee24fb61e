import type { Op } from '../ir/op.js';
import * as elementwise from './elementwise.js';
import * as gather from './gather.js';
import * as matmul from './matmul.js';
import * as movement from './movement.js';
import * as normalize from './normalize.js';
import * as reduce from './reduce.js';
import * as slice from './slice.js';
import * as training from './training.js';

const families = [elementwise, matmul, reduce, movement, gather, normalize, slice, training];

/** Every op that our graphs can hold, by `domain:opType`: what reading a file and the tests' coverage check look up. */
export const opTable: ReadonlyMap<string, Op> = new Map(
  families.flatMap((family) =>
    Object.values(family as Record<string, unknown>)
      .filter((value): value is Op => typeof value === 'object' && value !== null && 'opType' in value)
      .map((op) => [opKey(op.domain, op.opType), op] as const),
  ),
);

/** An op's place in the table; `ai.onnx` and the empty domain are one. */
export function opKey(domain: string, opType: string): string {
  return `${domain === 'ai.onnx' ? '' : domain}:${opType}`;
}
