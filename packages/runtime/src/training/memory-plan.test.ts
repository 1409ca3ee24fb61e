import { add, gelu, input, linear, mul, parameter, reduceSum, type Value } from '@rag/onnx';
import { expect, test } from 'vitest';
import { zeros } from '../tensor.js';
import { compile } from './compile.js';
import { memoryPlanText, planMemory } from './memory-plan.js';
import type { Objective } from './objective.js';

/** Residual layers of width 8 over x [tokens, 8]; cut between them, and for chunks before the head. */
const network = (layers: number, cut: boolean): Objective => ({
  build() {
    const x = input('x', 'float32', ['tokens', 8]);
    const states: Value[] = [mul(x, parameter('first', [8]))];
    for (let i = 0; i < layers; i++)
      states.push(add(states.at(-1)!, gelu(linear(states.at(-1)!, parameter(`layers.${i}`, [8, 8])))));
    const output = linear(states.at(-1)!, parameter('head', [1, 8]));
    return {
      inputs: [x],
      sum: reduceSum(mul(output, output)),
      weight: reduceSum(mul(x, 0)),
      ...(cut && {
        cuts: states.map((state, i) => ({ [`state.${i}`]: state })),
        chunkCut: `state.${layers}`,
      }),
    };
  },
});
const initial = (_: string, shape: readonly number[]) => new Float32Array(shape.reduce((a, b) => a * b, 1));
const planOf = (layers: number, cut: boolean) =>
  compile(network(layers, cut), {
    initial,
    optimizer: {},
    trainable: (name) => name.startsWith('layers') || name === 'head',
    resident: (name, { shape, dtype }) => (name === 'first' ? zeros(dtype, shape) : undefined),
  });
const cpu = { provider: 'cpu' } as const;
const batch = (tokens: number) => ({ x: zeros('float32', [tokens, 8]) });

test('counts the state exactly', () => {
  const { parameters, gradients, moments, frozen, resident } = planMemory(planOf(3, true), batch(5), cpu);
  expect([parameters, gradients, moments, frozen, resident]).toEqual([800, 800, 1600, 0, 32]);
});

test('layers add boundaries, and nothing else where they are cut', () => {
  const [few, many] = [3, 12].map((layers) => planMemory(planOf(layers, true), batch(50), cpu));
  const state = 50 * 8 * 4;
  expect(few!.boundaries).toBe(5 * state);
  expect(many!.boundaries).toBe(14 * state);
  expect(many!.activations).toBe(few!.activations);
  const [short, long] = [3, 12].map((layers) => planMemory(planOf(layers, false), batch(50), cpu));
  expect(short!.boundaries).toBe(0);
  expect(long!.activations).toBeGreaterThan(2 * short!.activations);
});

test('chunks hold one chunk beside the vectors of all', () => {
  const plan = planOf(12, true);
  const whole = planMemory(plan, batch(100), cpu);
  const chunks = Array.from({ length: 10 }, () => batch(10));
  const chunked = planMemory(plan, { chunks, head: {} }, cpu);
  expect(chunked.boundaries).toBeLessThan(whole.boundaries / 3);
  expect(chunked.boundaries).toBeGreaterThan(2 * 100 * 8 * 4);
});

test('gathering batches opens graphs that add', () => {
  const plan = planOf(3, true);
  const [once, twice] = [false, true].map((accumulates) => planMemory(plan, batch(50), cpu, { accumulates }));
  expect(twice!.activations).toBeGreaterThan(once!.activations);
});

test('is printed in MiB', () => {
  const MiB = 2 ** 20;
  const none = { frozen: 0, resident: 0, boundaries: 0, activations: 0, arenas: 0 };
  const plan = { parameters: MiB, gradients: MiB, moments: 2 * MiB, ...none, total: 4 * MiB };
  expect(memoryPlanText(plan).split('\n')).toEqual([
    'parameters          1 MiB',
    'gradients           1 MiB',
    'moments             2 MiB',
    'total               4 MiB',
  ]);
});
