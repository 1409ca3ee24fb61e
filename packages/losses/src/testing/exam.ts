import { type Dim, gradients, type TensorType, trace } from '@rag/onnx';
import {
  floats,
  type HostTensor,
  numbersOf,
  runGraph,
  spreadFloats,
  tensor,
  testOp,
} from '@rag/onnx/testing';
import { describe, expect, test } from 'vitest';
import type { GroupInputs, GroupLoss, Loss, PointwiseLoss } from '../loss.js';
import { goldenCases, type Inputs, rowsOf, splitFiller, withFiller } from './golden.js';

/** What a loss yields for one batch. */
export interface Result {
  readonly sum: number;
  readonly weight: number;
  readonly gradient: readonly number[];
}

/** The exam of a pointwise loss: golden numbers by that name, gradient, micro-batches, filler. */
export const examinePointwise = (name: string, loss: PointwiseLoss): void =>
  examine('pointwise', name, loss, SMALLEST, {
    logits: spreadFloats([6], 7),
    labels: floats([6], 8, 0, 1),
    row_weight: tensor([1, 1, 0, 1, 0.5, 1], 'float64'),
  });

export interface GroupExamOptions {
  /** Whether teacher scores are given; `false` leaves them out of a loss that can do without. */
  readonly teacher?: boolean;
  /** Loss per unit of weight below which sums are compared absolutely, for a loss that is a difference of logarithms. */
  readonly smallest?: number;
}

/** The exam of a group loss. */
export const examineGroup = (
  name: string,
  loss: GroupLoss,
  { teacher = true, smallest = SMALLEST }: GroupExamOptions = {},
): void => {
  const examined = (inputs: GroupInputs) => loss(teacher ? inputs : { ...inputs, teacher_scores: undefined });
  examine('group', name, examined, smallest, {
    // 0.2 apart: no rank changes within the step of the difference.
    logits: spreadFloats([3, 5], 7),
    labels: tensor([1, 0, 2, 0, 1, 0, 0, 1, 1, 0, 3, 0, 0, 1, 0], 'float64', [3, 5]),
    mask: tensor([1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 0, 1, 1, 0], 'float64', [3, 5]),
    teacher_scores: floats([3, 5], 9, -2, 2),
  });
};

const SMALLEST = 1e-4;
// ONNX Runtime's float32 sigmoid is right to 1e-7 absolute, so smaller gradients are compared on this scale.
const SMALLEST_GRADIENT = 0.1;

type AnyLoss = (inputs: never) => Loss;

function examine(
  kind: 'pointwise' | 'group',
  name: string,
  loss: AnyLoss,
  smallest: number,
  smooth: Inputs,
): void {
  const cases = goldenCases(kind, name);
  const expectSum = (sum: number, expected: number, weight: number) =>
    expectClose([sum], [expected], weight * smallest);
  const expectGradient = (gradient: readonly number[], expected: readonly number[]) =>
    expectClose(gradient, expected, SMALLEST_GRADIENT);
  describe(name, () => {
    test.each(cases)('PyTorch: %s', async (_, inputs, golden) => {
      const result = await evaluate(loss, inputs);
      expect(result.weight).toBe(golden.weight);
      expectSum(result.sum, golden.sum, golden.weight);
      expectGradient(result.gradient, golden.gradient);
      if (golden.weight === 0) expect(result.gradient.every((x) => x === 0)).toBe(true);
    });

    test('the cases tell something', () => {
      expect(cases.filter(([, , golden]) => golden.sum > 0).length).toBeGreaterThan(4);
      expect(cases.filter(([, , golden]) => golden.weight === 0).length).toBeGreaterThan(0);
    });

    test('the gradient is a central difference, with static and with symbolic sizes', async () => {
      const { differentiated } = await testOp({
        ops: [],
        inputs: smooth,
        wrt: ['logits'],
        build: (values) => loss(values as never).sum,
      });
      expect(differentiated).toEqual(['logits']);
    });

    test('unequal micro-batches sum up to one batch', async () => {
      for (const [, inputs] of cases) {
        const rows = inputs.logits!.shape[0]!;
        const whole = await evaluate(loss, inputs);
        for (const cut of new Set([1, rows - 1].filter((at) => at > 0 && at < rows))) {
          const [a, b] = [
            await evaluate(loss, rowsOf(inputs, 0, cut)),
            await evaluate(loss, rowsOf(inputs, cut, rows)),
          ];
          expect(a.weight + b.weight).toBe(whole.weight);
          expectSum(a.sum + b.sum, whole.sum, whole.weight);
          expectGradient([...a.gradient, ...b.gradient], whole.gradient);
        }
      }
    });

    test('filler changes nothing, even where it holds NaN', async () => {
      for (const [, inputs] of cases) {
        const [plain, padded] = [await evaluate(loss, inputs), await evaluate(loss, withFiller(inputs))];
        const gradient = splitFiller(padded.gradient, inputs);
        expect(padded.weight).toBe(plain.weight);
        expectSum(padded.sum, plain.sum, plain.weight);
        expectGradient(gradient.real, plain.gradient);
        expect(gradient.filler.every((x) => x === 0)).toBe(true);
      }
    });
  });
}

/** Runs a loss and its gradient by the logits on ONNX Runtime, sizes symbolic. */
export async function evaluate(loss: AnyLoss, inputs: Inputs): Promise<Result> {
  const symbols: Dim[] = inputs.mask ? ['groups', 'size'] : ['batch'];
  const types = Object.fromEntries(
    Object.keys(inputs).map((name): [string, TensorType] => [name, { dtype: 'float32', shape: symbols }]),
  );
  const graph = trace(types, (values) => {
    const { sum, weight } = loss(values as never);
    const [gradient] = gradients(sum, [values.logits!]);
    return { sum, weight, gradient: gradient! };
  });
  const { sum, weight, gradient } = (await runGraph(graph, inputs)) as Record<keyof Result, HostTensor>;
  for (const scalar of [sum, weight]) expect(scalar).toMatchObject({ dtype: 'float32', shape: [] });
  return { sum: numbersOf(sum)[0]!, weight: numbersOf(weight)[0]!, gradient: numbersOf(gradient) };
}

/** Within 1e-6 of the largest expected number, or of `smallest` where that is larger. */
function expectClose(got: readonly number[], expected: readonly number[], smallest: number): void {
  expect(got.length).toBe(expected.length);
  const scale = Math.max(smallest, ...expected.map(Math.abs));
  const worst = Math.max(...got.map((x, at) => Math.abs(x - expected[at]!)));
  expect(worst, `${got.join(' ')} against ${expected.join(' ')}`).toBeLessThanOrEqual(1e-6 * scale);
}
