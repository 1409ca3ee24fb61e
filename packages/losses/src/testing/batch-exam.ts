import { gradients, type Shape, type TensorType, trace, type Value } from '@rag/onnx';
import { type HostTensor, numbersOf, type OpenGraph, openGraph, testOp } from '@rag/onnx/testing';
import { afterAll, describe, expect, test } from 'vitest';
import type { Loss } from '../loss.js';
import { type BatchInputs, type BatchKind, batchCases, withBatchFiller } from './batch-golden.js';

/** A loss of named inputs, as the exam calls it. */
export type ExaminedLoss = (inputs: Record<string, Value>) => Loss;

export interface BatchExamOptions {
  /** Inputs to differentiate by. */
  readonly wrt: readonly string[];
  /** Inputs in float64 at which the loss has a derivative. */
  readonly smooth: BatchInputs;
  /**
   * Largest error of sums and gradients, as a share of the largest expected number; float32 rounds a score that is
   * divided by a temperature of 0.02 to about 3e-6. Default 1e-6.
   */
  readonly tolerance?: number;
  /** Loss per row, and gradient, below which numbers are compared absolutely. Default 0.1. */
  readonly smallest?: number;
}

/** The exam of a loss over a whole batch: golden numbers by that name, gradient, filler. */
export function examineBatch(
  kind: BatchKind,
  name: string,
  loss: ExaminedLoss,
  { wrt, smooth, tolerance = 1e-6, smallest = 0.1 }: BatchExamOptions,
): void {
  const cases = batchCases(kind, name);
  const opened = openLoss(loss, wrt);
  const expectClose = (got: readonly number[], expected: readonly number[], least: number) => {
    expect(got.length).toBe(expected.length);
    const scale = Math.max(least, ...expected.map(Math.abs));
    const worst = Math.max(0, ...got.map((x, at) => (x === expected[at] ? 0 : Math.abs(x - expected[at]!))));
    expect(worst, `${got.join(' ')} against ${expected.join(' ')}`).toBeLessThanOrEqual(tolerance * scale);
  };
  describe(name, () => {
    afterAll(() => opened.close());

    test.each(cases)('PyTorch: %s', async (_, inputs, golden) => {
      const result = await opened.run(inputs);
      expect(result.weight).toBe(golden.weight);
      expectClose([result.sum], [golden.sum], golden.weight * smallest);
      for (const by of wrt) expectClose(result.gradients[by]!, golden.gradients[by]!, smallest);
    });

    test('the cases tell something', () => {
      expect(cases.filter(([, , golden]) => golden.sum > 0).length).toBeGreaterThan(1);
      expect(cases.filter(([, , golden]) => golden.sum === 0).length).toBeGreaterThan(0);
    });

    test('the gradient is a central difference, with static and with symbolic sizes', async () => {
      const { differentiated, precision } = await testOp({
        ops: [],
        inputs: smooth,
        symbolic: symbolicShapes(smooth),
        wrt,
        build: (values) => loss(values as Record<string, Value>).sum,
      });
      expect({ differentiated, precision }).toEqual({ differentiated: wrt, precision: 'float64' });
    });

    test('filler changes nothing, even where it holds NaN', async () => {
      for (const [, inputs, { weight }] of cases) {
        const plain = await opened.run(inputs);
        const filled = await opened.run(withBatchFiller(inputs));
        expect(filled.weight).toBe(weight);
        expectClose([filled.sum], [plain.sum], weight * smallest);
        for (const by of wrt) {
          const { real, filler } = splitFiller(filled.gradients[by]!, filled.widths[by]!, inputs[by]!);
          expectClose(real, plain.gradients[by]!, smallest);
          expect(filler.every((x) => x === 0)).toBe(true);
        }
      }
    });
  });
}

/** What a loss yields for one batch. */
interface BatchResult {
  readonly sum: number;
  readonly weight: number;
  readonly gradients: Readonly<Record<string, readonly number[]>>;
  /** Numbers per row of each gradient. */
  readonly widths: Readonly<Record<string, number>>;
}

/**
 * A loss and its gradients on ONNX Runtime in float32, rows and candidates symbolic: one session for all batches of the
 * same inputs and widths.
 */
function openLoss(loss: ExaminedLoss, wrt: readonly string[]) {
  const opened = new Map<string, Promise<OpenGraph>>();
  const open = (inputs: BatchInputs): Promise<OpenGraph> => {
    const types = typesOf(inputs);
    const key = JSON.stringify(types);
    const known = opened.get(key);
    if (known) return known;
    const graph = trace(types, (values) => {
      const { sum, weight } = loss(values);
      const by = gradients(
        sum,
        wrt.map((name) => values[name]!),
      );
      return { sum, weight, ...Object.fromEntries(wrt.map((name, at) => [`by ${name}`, by[at]!])) };
    });
    const opening = openGraph(graph);
    opened.set(key, opening);
    return opening;
  };
  return {
    async run(inputs: BatchInputs): Promise<BatchResult> {
      const results = await (await open(inputs)).run(inputs);
      for (const scalar of ['sum', 'weight'])
        expect(results[scalar]).toMatchObject({ dtype: 'float32', shape: [] });
      return {
        sum: numbersOf(results.sum!)[0]!,
        weight: numbersOf(results.weight!)[0]!,
        gradients: Object.fromEntries(wrt.map((name) => [name, numbersOf(results[`by ${name}`]!)])),
        widths: Object.fromEntries(wrt.map((name) => [name, inputs[name]!.shape[1] ?? 1])),
      };
    },
    async close() {
      for (const opening of opened.values()) await (await opening).close();
    },
  };
}

const typesOf = (inputs: BatchInputs): Record<string, TensorType> => {
  const shapes = symbolicShapes(inputs);
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { dtype }]) => [name, { dtype, shape: shapes[name]! }]),
  );
};

/** Rows and candidates as symbols; the width of vectors is known when a graph is built. */
function symbolicShapes(inputs: BatchInputs): Record<string, Shape> {
  const rows = 'target' in inputs ? 'queries' : 'rows';
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { shape }]): [string, Shape] => {
      if (name === 'passage') return [name, ['candidates', shape[1]!]];
      if (shape.length === 1) return [name, [rows]];
      const compared = rows === 'queries' && name !== 'query';
      return [name, [rows, compared ? 'candidates' : shape[1]!]];
    }),
  );
}

/** The part of a gradient that belongs to the rows and columns before filler was added, and the rest. */
function splitFiller(values: readonly number[], wide: number, { shape }: HostTensor) {
  const [rows, size = 1] = shape as [number, number?];
  const isReal = (at: number) => Math.floor(at / wide) < rows && at % wide < size;
  return { real: values.filter((_, at) => isReal(at)), filler: values.filter((_, at) => !isReal(at)) };
}
