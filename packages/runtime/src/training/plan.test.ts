import { input, mul, parameter, reduceSum } from '@rag/onnx';
import { describe, expect, it } from 'vitest';
import { compile } from './compile.js';
import type { Objective } from './objective.js';
import { artifactsOf, genuineArtifacts, planOf } from './plan.js';

/** Σ x·w·v over rows of three, with a bias so that there are two groups by default; cut before v. */
const product = (cut = false): Objective => ({
  build() {
    const x = input('x', 'float32', ['batch', 3]);
    const hidden = mul(x, parameter('first.weight', [1, 3]));
    const sum = reduceSum(mul(hidden, parameter('second.bias', [3])));
    return { inputs: [x], sum, weight: reduceSum(mul(x, 0)), ...(cut && { cuts: [{ hidden }] }) };
  },
});
const initial = (_: string, shape: readonly number[]) =>
  new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5);
const uniform = (rate: number) => ({ groupOf: () => ({ weightDecay: 0.1, rate }) });

describe('artifacts of a plan', () => {
  it('are its four files, and make the same plan again', () => {
    const plan = compile(product(), { initial, optimizer: uniform(1) });
    const artifacts = artifactsOf(plan);
    expect(genuineArtifacts(plan)).toEqual(artifacts);
    expect(artifactsOf(planOf(artifacts))).toEqual(artifacts);
  });

  it('need values that are there', () => {
    const plan = compile(product(), { initial: async (...of) => initial(...of), optimizer: uniform(1) });
    expect(() => artifactsOf(plan)).toThrow(
      'parameter "first.weight": expected its values at once, got a promise of them',
    );
  });

  it('for the genuine runtime have one segment and one group at rate 1', () => {
    const cut = compile(product(true), { initial, optimizer: uniform(1) });
    expect(() => artifactsOf(cut)).toThrow('plan: expected one segment, got 2');
    expect(() => genuineArtifacts(cut)).toThrow('plan: expected one segment');
    expect(() => genuineArtifacts(compile(product(), { initial, optimizer: {} }))).toThrow(
      /one parameter group at rate 1.*got 2 at 1, 1/,
    );
    expect(() => genuineArtifacts(compile(product(), { initial, optimizer: uniform(2) }))).toThrow(
      /got 1 at 2 — /,
    );
  });
});
