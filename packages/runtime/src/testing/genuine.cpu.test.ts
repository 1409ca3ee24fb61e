import { expect, test } from 'vitest';
import type { Checkpoint, OptimizerState } from '../artifacts/checkpoint.js';
import { noProperties } from '../artifacts/checkpoint.js';
import { encodeCheckpoint } from '../artifacts/encode-checkpoint.js';
import { ArtifactError } from '../artifacts/error.js';
import { gradientBuffer, gradientUpdated, lazyResetGrad, optimizerInputs } from '../artifacts/names.js';
import { type GenuineTensor, openGenuine } from './genuine.js';
import { loadGenuineRuntime } from './genuine-loader.js';
import { type ModelNode, type ValueInfo, writeModel } from './genuine-model.js';

/**
 * y = x·W + b + offset with x[batch, 4], W[4, 3], b[3] and a frozen offset[3]; the loss is the mean of (y − target)².
 * AdamW as Hugging Face has it (adam_mode 1).
 */
const [ROWS, IN, OUT] = [8, 4, 3];
const adamw = { alpha: 0.9, beta: 0.999, epsilon: 1e-6, weight_decay: 0.01, lr: 0.001 };

const value = (name: string, shape: ValueInfo['shape'], dtype: ValueInfo['dtype'] = 'float32') => ({
  name,
  dtype,
  shape,
});
const userInputs = [value('x', ['batch', IN]), value('target', ['batch', OUT])];
const parameters = [value('W', [IN, OUT]), value('b', [OUT]), value('offset', [OUT])];
const node = (opType: string, inputs: string[], output: string, attributes = {}): ModelNode => ({
  opType,
  inputs,
  outputs: [output],
  attributes,
});
const forward = [
  node('MatMul', ['x', 'W'], 'xW'),
  node('Add', ['xW', 'b'], 'xWb'),
  node('Add', ['xWb', 'offset'], 'y'),
  node('Sub', ['y', 'target'], 'difference'),
  node('Mul', ['difference', 'difference'], 'squares'),
  node('ReduceMean', ['squares'], 'loss', { keepdims: 0n }),
];
const accumulate = (name: string): ModelNode => ({
  opType: 'InPlaceAccumulatorV2',
  domain: 'com.microsoft',
  inputs: [gradientBuffer(name), `d${name}`, lazyResetGrad],
  outputs: [gradientUpdated(name)],
});
const trainingModel = writeModel({
  inputs: [
    ...userInputs,
    ...parameters,
    value(gradientBuffer('W'), [IN, OUT]),
    value(gradientBuffer('b'), [OUT]),
    value(lazyResetGrad, [1], 'bool'),
  ],
  outputs: [
    value('loss', []),
    value('difference', ['batch', OUT]),
    value(gradientUpdated('W'), [1], 'bool'),
    value(gradientUpdated('b'), [1], 'bool'),
  ],
  nodes: [
    ...forward,
    node('Size', ['difference'], 'size'),
    node('Cast', ['size'], 'sizeFloat', { to: 1n }),
    node('Div', ['two', 'sizeFloat'], 'factor'),
    node('Mul', ['difference', 'factor'], 'dy'),
    node('Transpose', ['x'], 'xT'),
    node('MatMul', ['xT', 'dy'], 'dW'),
    node('ReduceSum', ['dy', 'axis0'], 'db', { keepdims: 0n }),
    accumulate('W'),
    accumulate('b'),
  ],
  initializers: [
    { name: 'two', dtype: 'float32', shape: [], data: Float32Array.of(2) },
    { name: 'axis0', dtype: 'int64', shape: [1], data: BigInt64Array.of(0n) },
  ],
});
const evalModel = writeModel({
  inputs: [...userInputs, ...parameters],
  outputs: [value('loss', []), value('y', ['batch', OUT])],
  nodes: forward,
});
const { learningRate, step, params, gradients, firstOrderMoments, secondOrderMoments } = optimizerInputs;
const { lr: _, ...attributes } = adamw;
const optimizerModel = writeModel({
  inputs: [
    value(learningRate, [1]),
    value(step, [1], 'int64'),
    ...[params, gradients, firstOrderMoments, secondOrderMoments].map((name) => value(name, [], 'sequence')),
  ],
  outputs: [value('updated', [1], 'bool')],
  nodes: [
    {
      opType: 'AdamWOptimizer',
      domain: 'com.microsoft',
      inputs: [learningRate, step, params, gradients, firstOrderMoments, secondOrderMoments],
      outputs: ['updated'],
      attributes: { ...attributes, adam_mode: 1n, correct_bias: 1n },
    },
  ],
});

/** Numbers in [-1, 1) from a seed (Lehmer's generator), as float32. */
function uniform(length: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (state * 48271) % 2147483647;
    return (2 * state) / 2147483647 - 1;
  });
}
const x = uniform(ROWS * IN, 1);
const target = uniform(ROWS * OUT, 2);
const offset = Float32Array.of(0.25, -0.5, 0.125);

interface State {
  w: Float32Array;
  m: Float32Array;
  v: Float32Array;
}
/** W then b. */
const initial = (): State => {
  const w = uniform(IN * OUT + OUT, 3);
  return { w, m: new Float32Array(w.length), v: new Float32Array(w.length) };
};

/**
 * One step in plain JavaScript, results rounded to float32; returns the loss before the update.
 * `scale` multiplies the gradient.
 */
function referenceStep({ w, m, v }: State, t: number, scale = 1): number {
  const f = Math.fround;
  const g = new Float32Array(w.length);
  let loss = 0;
  for (let r = 0; r < ROWS; r++) {
    for (let o = 0; o < OUT; o++) {
      let y = 0;
      for (let i = 0; i < IN; i++) y = f(y + f(x[r * IN + i]! * w[i * OUT + o]!));
      const d = f(f(f(y + w[IN * OUT + o]!) + offset[o]!) - target[r * OUT + o]!);
      loss = f(loss + f(d * d));
      const dy = f(d * f(2 / (ROWS * OUT)));
      for (let i = 0; i < IN; i++) g[i * OUT + o]! += f(x[r * IN + i]! * dy);
      g[IN * OUT + o]! += dy;
    }
  }
  const { alpha, beta, epsilon, weight_decay, lr } = adamw;
  const rate = (lr * Math.sqrt(1 - beta ** t)) / (1 - alpha ** t);
  for (let i = 0; i < w.length; i++) {
    const gradient = f(scale * g[i]!);
    m[i] = alpha * m[i]! + (1 - alpha) * gradient;
    v[i] = beta * v[i]! + (1 - beta) * gradient * gradient;
    const stepped = f(w[i]! - (rate * m[i]!) / (Math.sqrt(v[i]!) + epsilon));
    w[i] = stepped - lr * weight_decay * stepped;
  }
  return f(loss / (ROWS * OUT));
}

function checkpointOf({ w }: State, optimizer?: OptimizerState): Checkpoint {
  const dtype = 'float32' as const;
  return {
    // Not in the order of the graph's inputs: the runtime goes by name.
    trainable: [
      { name: 'b', dtype, shape: [OUT], data: w.slice(IN * OUT) },
      { name: 'W', dtype, shape: [IN, OUT], data: w.slice(0, IN * OUT) },
    ],
    frozen: [{ name: 'offset', dtype, shape: [OUT], data: offset }],
    ...(optimizer && { optimizer }),
    properties: { ...noProperties(), ints: new Map([['epoch', 3n]]), strings: new Map([['model', '小']]) },
  };
}

const tensor = (data: Float32Array, columns: number): GenuineTensor => ({
  dtype: 'float32',
  shape: [data.length / columns, columns],
  data,
});
/** The reverse of the model's order, which the runtime itself would take by position. */
const feeds = { target: tensor(target, OUT), x: tensor(x, IN) };

const closeTo = (actual: ArrayLike<number>, expected: ArrayLike<number>) =>
  Math.max(...Array.from(expected, (e, i) => Math.abs(e - actual[i]!)));

async function openSession(checkpoint: Checkpoint) {
  const genuine = await openGenuine();
  return genuine.createSession({
    checkpoint: encodeCheckpoint(checkpoint),
    trainingModel,
    evalModel,
    optimizerModel,
  });
}

test('20 AdamW steps equal plain float32 JavaScript, and evaluation names its outputs', async () => {
  const state = initial();
  const session = await openSession(checkpointOf(state));
  expect(session.inputNames).toEqual(['x', 'target']);
  expect(session.outputNames).toEqual(['loss', 'difference']);
  // Before the first step: what corrupted the heap in the unrepaired runtime.
  expect(await session.parameters()).toEqual(state.w);
  const losses: number[] = [];
  for (let t = 1; t <= 20; t++) {
    const expected = referenceStep(state, t);
    const { loss } = await session.trainStep(feeds);
    expect(loss?.shape).toEqual([]);
    expect(Math.abs(Number(loss?.data[0]) - expected), `step ${t}`).toBeLessThanOrEqual(1e-6);
    losses.push(expected);
    await session.optimizerStep();
    await session.lazyResetGrad();
    expect(closeTo(await session.parameters(), state.w), `step ${t}`).toBeLessThanOrEqual(1e-6);
  }
  expect(losses[19]).toBeLessThan(losses[0]! - 0.02);
  expect(closeTo((await session.parameters({ frozenToo: true })).slice(-OUT), offset)).toBe(0);

  const evaluated = await session.evalStep(feeds);
  expect(Object.keys(evaluated)).toEqual(['loss', 'y']);
  const y = evaluated.y!.data as Float32Array;
  const mse = y.reduce((sum, value, i) => sum + (value - target[i]!) ** 2, 0) / y.length;
  expect(Math.abs(Number(evaluated.loss?.data[0]) - mse)).toBeLessThanOrEqual(1e-6);
  await session.dispose();
});

test('optimizer state in our checkpoint continues a run: steps 11 to 20 equal the uninterrupted ones', async () => {
  const state = initial();
  for (let t = 1; t <= 10; t++) referenceStep(state, t);
  const { w, m, v } = state;
  const part = (a: Float32Array, name: string) => (name === 'W' ? a.slice(0, IN * OUT) : a.slice(IN * OUT));
  const states = ['b', 'W'].map((name) => ({ name, momentum0: part(m, name), momentum1: part(v, name) }));
  const session = await openSession(
    checkpointOf({ ...state, w: w.slice() }, { step: 10n, initialLearningRate: 0.001, states }),
  );
  for (let t = 11; t <= 20; t++) {
    const expected = referenceStep(state, t);
    const { loss } = await session.trainStep(feeds);
    expect(Math.abs(Number(loss?.data[0]) - expected), `step ${t}`).toBeLessThanOrEqual(1e-6);
    await session.optimizerStep();
    await session.lazyResetGrad();
  }
  expect(closeTo(await session.parameters(), state.w)).toBeLessThanOrEqual(1e-6);
  await session.dispose();
});

test('gradients add up until they are reset', async () => {
  const state = initial();
  const session = await openSession(checkpointOf(state));
  await session.trainStep(feeds);
  await session.optimizerStep();
  await session.lazyResetGrad();
  for (let i = 0; i < 3; i++) await session.trainStep(feeds);
  await session.optimizerStep();
  referenceStep(state, 1);
  const unscaled = { w: state.w.slice(), m: state.m.slice(), v: state.v.slice() };
  referenceStep(state, 2, 3);
  referenceStep(unscaled, 2);
  const trained = await session.parameters();
  expect(closeTo(trained, state.w)).toBeLessThanOrEqual(1e-6);
  expect(closeTo(trained, unscaled.w)).toBeGreaterThan(1e-5);
  await session.dispose();
});

test('what the runtime rejects is an error with its own words, and others go on', async () => {
  const genuine = await openGenuine();
  const state = initial();
  const good = await openSession(checkpointOf(state));
  const bytes = encodeCheckpoint(checkpointOf(state));
  const session = (change: object) =>
    genuine.createSession({ checkpoint: bytes, trainingModel, evalModel, optimizerModel, ...change });

  await expect(session({ checkpoint: bytes.slice(0, 80) })).rejects.toThrow(ArtifactError);
  await expect(session({ checkpoint: bytes.slice(0, 80) })).rejects.toThrow(/verification failed/i);
  // Passing the eval model as the training model leaves out the reset flag.
  await expect(session({ trainingModel: evalModel })).rejects.toThrow(
    /genuine training runtime: createSession: .*C\+\+/,
  );
  await expect(session({ optimizerModel: evalModel })).rejects.toThrow(
    /learning_rate|AdamWOptimizer|optimizer/i,
  );

  await expect(good.trainStep({ x: feeds.x })).rejects.toThrow(
    /trainStep: "target": expected the feeds \[x, target\]/,
  );
  await expect(good.trainStep({ ...feeds, W: feeds.x })).rejects.toThrow(/trainStep: "W"/);
  const { loss } = await good.trainStep(feeds);
  expect(Math.abs(Number(loss?.data[0]) - referenceStep(state, 1))).toBeLessThanOrEqual(1e-6);
  await good.dispose();
});

test('reading parameters would free stack memory in every call: the repair drops it', async () => {
  const session = await openSession(checkpointOf(initial()));
  const { droppedFrees } = await loadGenuineRuntime();
  const before = droppedFrees();
  for (let i = 0; i < 10; i++) await session.parameters();
  expect(droppedFrees() - before).toBe(10);
  await session.dispose();
});

test('evaluation without an eval model says what to pass', async () => {
  const genuine = await openGenuine();
  const session = await genuine.createSession({
    checkpoint: encodeCheckpoint(checkpointOf(initial())),
    trainingModel,
  });
  await expect(session.evalStep(feeds)).rejects.toThrow(/expected an eval model, got none — pass evalModel/);
  await session.dispose();
});
