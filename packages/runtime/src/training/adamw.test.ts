import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type AdamWSettings, adamwCoefficients, adamwKernel } from './adamw.js';
import { adamwModule, chunkSize } from './adamw-module.js';
import { clipCoefficient, globalNorm } from './global-norm.js';

const adamwBlock = adamwKernel(adamwModule, chunkSize);

interface Golden {
  readonly betas: [number, number];
  readonly epsilon: number;
  readonly decays: number[];
  readonly maxNorm: number;
  readonly rates: number[];
  readonly initial: number[][];
  /** By step, then by tensor. */
  readonly gradients: number[][][];
  readonly norms: number[];
  readonly mode0: number[][][];
  readonly moments: [first: number[][], second: number[][]];
  readonly mode1: number[][][];
}
const golden: Golden = JSON.parse(readFileSync(new URL('./fixtures/adamw.json', import.meta.url), 'utf8'));

/** Largest |a − b| relative to the largest |b|. */
function deviation(a: Float32Array, b: readonly number[]): number {
  const largest = b.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0) / largest;
}

/** Repeats the golden run; every parameter after every step is compared. */
function replay(adamMode: 0 | 1, expected: number[][][]) {
  const state = golden.initial.map((values) => ({
    parameter: Float32Array.from(values),
    firstMoment: new Float32Array(values.length),
    secondMoment: new Float32Array(values.length),
  }));
  let worst = 0;
  const clipped: boolean[] = [];
  golden.gradients.forEach((values, step) => {
    const gradients = values.map((each) => Float32Array.from(each));
    const norm = globalNorm(gradients);
    expect(norm).toBeCloseTo(golden.norms[step]!, 5);
    const clip = clipCoefficient(norm, golden.maxNorm);
    clipped.push(clip < 1);
    state.forEach((tensor, i) => {
      const settings: AdamWSettings = {
        learningRate: golden.rates[step]!,
        weightDecay: golden.decays[i]!,
        beta1: golden.betas[0],
        beta2: golden.betas[1],
        epsilon: golden.epsilon,
        adamMode,
      };
      const { parameter, firstMoment, secondMoment } = tensor;
      const coefficients = adamwCoefficients(settings, step + 1, clip);
      adamwBlock(parameter, gradients[i]!, firstMoment, secondMoment, 0, parameter.length, coefficients, 0);
      worst = Math.max(worst, deviation(parameter, expected[step]![i]!));
    });
  });
  expect(new Set(clipped)).toEqual(new Set([true, false]));
  return { state, worst };
}

describe('adamw', () => {
  test('follows torch.optim.AdamW over 10 clipped steps, with and without decay', () => {
    const { state, worst } = replay(0, golden.mode0);
    expect(worst).toBeLessThan(5e-7);
    state.forEach(({ firstMoment, secondMoment }, i) => {
      expect(deviation(firstMoment, golden.moments[0][i]!)).toBeLessThan(1e-6);
      expect(deviation(secondMoment, golden.moments[1][i]!)).toBeLessThan(1e-6);
    });
  });

  test('follows the Hugging Face variant in mode 1', () => {
    expect(replay(1, golden.mode1).worst).toBeLessThan(5e-7);
    // The variants are told apart: decay comes at another place.
    expect(replay(1, golden.mode0).worst).toBeGreaterThan(1e-5);
  });

  test('scales the gradient by the factor that it is given, and touches no other element', () => {
    const settings: AdamWSettings = {
      learningRate: 0.1,
      weightDecay: 0,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 0,
      adamMode: 0,
    };
    const run = (gradient: number, scale: number) => {
      const [w, m, v] = [Float32Array.of(1, 1, 1), new Float32Array(3), new Float32Array(3)];
      adamwBlock(w, new Float32Array(3).fill(gradient), m, v, 1, 2, adamwCoefficients(settings, 1, scale), 0);
      return { w, m, v };
    };
    expect(run(8, 0.25)).toEqual(run(2, 1));
    // The first step of Adam is the rate itself.
    expect(run(8, 0.25).w).toEqual(Float32Array.of(1, 0.9, 1));
    expect(run(8, 0.25).m[1]).toBeCloseTo(0.2, 6);
  });

  test('refuses settings out of range', () => {
    const good: AdamWSettings = {
      learningRate: 1e-3,
      weightDecay: 0,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      adamMode: 0,
    };
    const refuse = (bad: Partial<AdamWSettings>, message: string, step = 1, scale = 1) =>
      expect(() => adamwCoefficients({ ...good, ...bad }, step, scale)).toThrow(message);
    refuse({ learningRate: Number.NaN }, 'adamw: learningRate: expected a finite number ≥ 0, got NaN');
    refuse({ weightDecay: -1 }, 'adamw: weightDecay');
    refuse({ beta1: 1 }, 'adamw: beta1: expected a number in [0, 1), got 1');
    refuse({ beta2: -0.1 }, 'adamw: beta2');
    refuse({ epsilon: Number.POSITIVE_INFINITY }, 'adamw: epsilon');
    refuse({ adamMode: 2 as 0 }, 'adamw: adamMode: expected 0 or 1, got 2');
    refuse({}, 'adamw: step: expected a whole number ≥ 1, got 0', 0);
    refuse({}, 'adamw: scale: expected a finite number (are the gradients finite?), got NaN', 1, Number.NaN);
  });
});
