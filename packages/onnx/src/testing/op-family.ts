import { expect, test } from 'vitest';
import { type Op, opKey } from '../index.js';
import { checkMixedPrecision } from './mixed-precision-case.js';
import { type OpCase, type Precision, testOp } from './test-op.js';

/** The ops among a family file's exports. */
export const opsOf = (family: object): Op[] =>
  Object.values(family).filter(
    (value): value is Op => typeof value === 'object' && value !== null && 'opType' in value,
  );

/**
 * Declares the tests of one family file, and one more that fails when an op of the family has no case. `exempt` lists
 * ops that stock ONNX Runtime cannot run, each with the reason; `float32` the ops without a float64 kernel, so that a
 * test cannot lose its precision unseen.
 */
export function testFamily(
  family: object,
  { exempt = {}, float32 = [] }: { exempt?: Readonly<Record<string, string>>; float32?: readonly Op[] },
  declare: (testCase: (name: string, op: OpCase) => void) => void,
): void {
  const tested = new Set<Op>();
  declare((name, op) => {
    for (const one of op.ops) tested.add(one);
    const expected: Precision = op.ops.some((one) => float32.includes(one)) ? 'float32' : 'float64';
    test(`${op.ops.map(({ opType }) => opType).join('+')}: ${name}`, async () => {
      const { precision, differentiated } = await testOp(op);
      await checkMixedPrecision(op, differentiated);
      if (Object.values(op.inputs).some((x) => x.dtype === 'float64')) expect(precision).toBe(expected);
    });
  });
  test('every op of the family has a test', () => {
    const missing = opsOf(family).filter((op) => !tested.has(op) && !(op.opType in exempt));
    expect(missing.map((op) => opKey(op.domain, op.opType))).toEqual([]);
    for (const name of Object.keys(exempt)) expect(opsOf(family).map((op) => op.opType)).toContain(name);
  });
}
