import { expect, test } from 'vitest';
import { createSession } from '../session.js';
import { Tensor } from '../tensor.js';
import { adamwCoefficients, adamwKernel } from './adamw.js';
import { adamwModule, chunkSize } from './adamw-module.js';
import {
  adamWFeeds,
  adamWModel,
  nextOf,
  squareSum,
  squareSumModel,
  updateNames,
} from './device-optimizer.js';
import { globalNorm } from './global-norm.js';

const parameters = [
  { name: 'matrix', shape: [3, 5], group: 0 },
  { name: 'bias', shape: [5], group: 1 },
  { name: 'scalar', shape: [], group: 0 },
];
const elements = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const wave = (length: number, phase: number) =>
  Float32Array.from({ length }, (_, i) => Math.sin(1.7 * i + phase));
const open = (model: Uint8Array) => createSession(model, { provider: 'cpu' });
const settings = [0.01, 0].map((weightDecay, group) => ({
  learningRate: 0.1 * (group + 1),
  weightDecay,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  adamMode: 0 as const,
}));

test('updates as the fused pass does, three times', async () => {
  const session = await open(adamWModel(parameters, settings[0]!));
  const kernel = adamwKernel(adamwModule, chunkSize);
  let state: Record<string, Tensor> = {};
  const expected = new Map<string, Float32Array[]>();
  for (const [i, { name, shape }] of parameters.entries()) {
    const arrays = [
      wave(elements(shape), i),
      new Float32Array(elements(shape)),
      new Float32Array(elements(shape)),
    ];
    expected.set(name, arrays);
    const { value, first, second } = updateNames(name);
    for (const [j, key] of [value, first, second].entries())
      state[key] = new Tensor('float32', shape, arrays[j]!.slice());
  }
  for (let step = 1; step <= 3; step++) {
    const feeds: Record<string, Tensor> = { ...state, ...adamWFeeds(parameters, settings, step, 0.25) };
    for (const [i, { name, shape, group }] of parameters.entries()) {
      const gradient = wave(elements(shape), step + i);
      feeds[updateNames(name).gradient] = new Tensor('float32', shape, gradient);
      const [value, first, second] = expected.get(name) as [Float32Array, Float32Array, Float32Array];
      const coefficients = adamwCoefficients(settings[group]!, step, 0.25);
      kernel(value, gradient, first, second, 0, value.length, coefficients, 0);
    }
    const results = await session.run(feeds);
    state = Object.fromEntries(Object.keys(state).map((key) => [key, results[nextOf(key)]!]));
  }
  for (const { name } of parameters) {
    const { value, first, second } = updateNames(name);
    for (const [j, key] of [value, first, second].entries())
      for (const [i, x] of expected.get(name)![j]!.entries())
        expect(state[key]!.data[i], `${key} ${i}`).toBeCloseTo(x, 5);
  }
  session.dispose();
});

test('sums the squares of all gradients', async () => {
  const session = await open(squareSumModel(parameters));
  const gradients = parameters.map(({ shape }, i) => wave(elements(shape), i));
  const norm = async () => {
    const feeds = parameters.map(
      ({ name, shape }, i) =>
        [updateNames(name).gradient, new Tensor('float32', shape, gradients[i]!)] as const,
    );
    return Math.sqrt(Number((await session.run(Object.fromEntries(feeds)))[squareSum]!.data[0]));
  };
  expect(await norm()).toBeCloseTo(globalNorm(gradients), 5);
  gradients[1]![2] = Number.NaN;
  expect(await norm()).toBeNaN();
  session.dispose();
});

test('refuses the mode that it has no graph for', () => {
  const other = settings.map((each) => ({ ...each, adamMode: 1 as const }));
  expect(() => adamWFeeds(parameters, other, 1, 1)).toThrow('adamw: adamMode: expected 0 on a device, got 1');
});
