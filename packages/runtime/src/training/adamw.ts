import { SessionError } from '../error.js';

/** AdamW's settings for a group of parameters, at one update. */
export interface AdamWSettings {
  readonly learningRate: number;
  /** Decoupled: the parameter itself shrinks by `learningRate × weightDecay`. */
  readonly weightDecay: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /**
   * As the attribute of ORT's AdamWOptimizer. 0: PyTorch — decay before the update, epsilon beside the bias-corrected root.
   * 1: Hugging Face — epsilon beside the plain root, decay after the update.
   */
  readonly adamMode: 0 | 1;
}

/** Numbers per group in the form that `adamwKernel`'s update reads. */
export const coefficientCount = 9;

/**
 * What one update is made of, worked out once per group: gradient scale, factor before, factor after, 1 − β₁, β₂, 1 − β₂,
 * factor of √v, ε, step size. `step` counts from 1. `scale` multiplies every gradient: 1 / weight of the update × clip
 * coefficient. Throws SessionError on settings out of their range.
 */
export function adamwCoefficients(settings: AdamWSettings, step: number, scale: number): Float64Array {
  const { learningRate, weightDecay, beta1, beta2, epsilon, adamMode } = settings;
  const expect = (name: string, ok: boolean, expected: string, got: number): void => {
    if (!ok) throw new SessionError(`adamw: ${name}`, `expected ${expected}, got ${got}`);
  };
  expect(
    'learningRate',
    Number.isFinite(learningRate) && learningRate >= 0,
    'a finite number ≥ 0',
    learningRate,
  );
  expect('weightDecay', Number.isFinite(weightDecay) && weightDecay >= 0, 'a finite number ≥ 0', weightDecay);
  expect('beta1', beta1 >= 0 && beta1 < 1, 'a number in [0, 1)', beta1);
  expect('beta2', beta2 >= 0 && beta2 < 1, 'a number in [0, 1)', beta2);
  expect('epsilon', Number.isFinite(epsilon) && epsilon >= 0, 'a finite number ≥ 0', epsilon);
  expect('adamMode', adamMode === 0 || adamMode === 1, '0 or 1', adamMode);
  expect('step', Number.isSafeInteger(step) && step >= 1, 'a whole number ≥ 1', step);
  expect('scale', Number.isFinite(scale), 'a finite number (are the gradients finite?)', scale);
  const decay = 1 - learningRate * weightDecay;
  const correction1 = 1 - beta1 ** step;
  const correction2 = Math.sqrt(1 - beta2 ** step);
  return adamMode === 0
    ? Float64Array.of(
        scale,
        decay,
        1,
        1 - beta1,
        beta2,
        1 - beta2,
        1 / correction2,
        epsilon,
        learningRate / correction1,
      )
    : Float64Array.of(
        scale,
        1,
        decay,
        1 - beta1,
        beta2,
        1 - beta2,
        1,
        epsilon,
        (learningRate * correction2) / correction1,
      );
}

/** Updates elements `start` to `end` of a parameter and its two moments in place; the gradient is only read. */
export type AdamWBlock = (
  parameter: Float32Array,
  gradient: Float32Array,
  firstMoment: Float32Array,
  secondMoment: Float32Array,
  start: number,
  end: number,
  coefficients: Float64Array,
  at: number,
) => void;

/**
 * Instantiates `adamwModule` for one thread. The update it returns reads its coefficients from `at`, and passes chunk by
 * chunk through the module's memory: copies within the cache, one pass over the state.
 *
 * Self-contained (no imports, no named inner functions): its source text is also run in worker threads.
 */
export function adamwKernel(module: Uint8Array<ArrayBuffer>, chunk: number): AdamWBlock {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module));
  const { buffer } = exports.memory as WebAssembly.Memory;
  const run = exports.adamw as (bytes: number, ...coefficients: number[]) => void;
  const w = new Float32Array(buffer, 0, chunk);
  const g = new Float32Array(buffer, chunk * 4, chunk);
  const m = new Float32Array(buffer, chunk * 8, chunk);
  const v = new Float32Array(buffer, chunk * 12, chunk);
  return (parameter, gradient, firstMoment, secondMoment, start, end, c, at) => {
    for (let from = start; from < end; from += chunk) {
      const to = Math.min(end, from + chunk);
      const count = to - from;
      w.set(parameter.subarray(from, to));
      g.set(gradient.subarray(from, to));
      m.set(firstMoment.subarray(from, to));
      v.set(secondMoment.subarray(from, to));
      // Up to three elements beyond the last are computed from what lay there before, and not copied back.
      const bytes = Math.ceil(count / 4) * 16;
      run(
        bytes,
        c[at]!,
        c[at + 1]!,
        c[at + 2]!,
        c[at + 3]!,
        c[at + 4]!,
        c[at + 5]!,
        c[at + 6]!,
        c[at + 7]!,
        c[at + 8]!,
      );
      parameter.set(count === chunk ? w : w.subarray(0, count), from);
      firstMoment.set(count === chunk ? m : m.subarray(0, count), from);
      secondMoment.set(count === chunk ? v : v.subarray(0, count), from);
    }
  };
}
