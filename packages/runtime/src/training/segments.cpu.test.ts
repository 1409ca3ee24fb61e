import {
  add,
  constant,
  gather,
  gelu,
  input,
  linear,
  mul,
  parameter,
  reduceSum,
  tanh,
  type Value,
} from '@rag/onnx';
import { describe, expect, it } from 'vitest';
import { openFfiDevice } from '../drivers/ffi/device.js';
import { Tensor } from '../tensor.js';
import { compile } from './compile.js';
import type { ComputeOptions } from './compute.js';
import { hostResidence } from './host-residence.js';
import type { Objective } from './objective.js';
import type { OpenDevice } from './open-residence.js';
import type { Plan } from './plan.js';
import { openSegments } from './segment-runner.js';
import { TrainingSession } from './session.js';
import { stateOf } from './state.js';

interface NetworkOptions {
  readonly layers: number;
  /** The layers between which it is cut; 'all', 'skip' every second, or none. */
  readonly cuts?: 'all' | 'skip';
  /** The head reads the embedding table again, and a layer's output beside the last. */
  readonly tied?: boolean;
  /** Layers of another activation. */
  readonly other?: (layer: number) => boolean;
}

/** Embeddings, residual layers with noise for dropout, a head over the last hidden state. */
const network = ({ layers, cuts, tied = false, other = () => false }: NetworkOptions): Objective => ({
  build(mode) {
    const ids = input('ids', 'int64', ['tokens']);
    const scale = input('scale', 'float32', ['tokens', 1]);
    const table = parameter('table', [5, 4]);
    const noises: Value[] = [];
    const states = [gather(table, ids)];
    for (let i = 0; i < layers; i++) {
      const x = states.at(-1)!;
      const dense = linear(x, parameter(`layers.${i}.weight`, [4, 4]), parameter(`layers.${i}.bias`, [4]));
      const active = other(i) ? tanh(dense) : gelu(dense);
      const noise = input(`noise.${i}`, 'float32', ['tokens', 4]);
      if (mode === 'train') noises.push(noise);
      states.push(add(x, mul(mode === 'train' ? mul(active, noise) : active, scale)));
    }
    const last = states.at(-1)!;
    const read = tied
      ? add(add(last, states[1]!), linear(last, gather(table, constant([0, 1, 2, 3], 'int64'))))
      : last;
    const output = linear(read, parameter('head.weight', [1, 4]));
    const places = states.map((state, i) => ({ [`state.${i}`]: state }));
    return {
      inputs: [ids, scale, ...noises],
      sum: reduceSum(mul(output, output)),
      weight: reduceSum(mul(scale, scale)),
      outputs: { output },
      ...(cuts && { cuts: places.filter((_, i) => cuts === 'all' || i % 2 === 0) }),
    };
  },
});

const initial = (name: string, shape: readonly number[]) =>
  Float32Array.from(
    { length: shape.reduce((a, b) => a * b, 1) },
    (_, i) => Math.sin(1.7 * i + name.length) / 2,
  );
const planOf = (options: NetworkOptions, trainable?: (name: string) => boolean): Plan =>
  compile(network(options), { initial, optimizer: {}, ...(trainable && { trainable }) });

const tokens = 6;
const wave = (width: number, phase: number) =>
  new Tensor(
    'float32',
    [tokens, width],
    Float32Array.from({ length: tokens * width }, (_, i) => Math.cos(0.9 * i + phase)),
  );
const batchOf = (layers: number) => ({
  ids: new Tensor('int64', [tokens], BigInt64Array.from([0n, 3n, 1n, 3n, 4n, 0n])),
  scale: wave(1, 2),
  ...Object.fromEntries(Array.from({ length: layers }, (_, i) => [`noise.${i}`, wave(4, i)])),
});

const cpu: ComputeOptions = { provider: 'cpu', threads: 1 };

async function learn(plan: Plan, layers: number, compute = cpu, openDevice?: OpenDevice) {
  const session = await TrainingSession.create(plan, compute, openDevice);
  const flat = async () => {
    await session.synchronize();
    return new Map(session.gradients().map(({ name, data }) => [name, Array.from(data as Float32Array)]));
  };
  const first = await session.accumulate(batchOf(layers));
  const once = await flat();
  await session.accumulate(batchOf(layers));
  const twice = await flat();
  const evaluated = await session.evaluate(batchOf(layers));
  await session.update({ learningRate: 0.1 });
  await session.accumulate(batchOf(layers));
  const after = await flat();
  session.dispose();
  return {
    sum: first.sum,
    output: [...(first.outputs.output!.data as Float32Array)],
    once,
    twice,
    after,
    evaluated: evaluated.sum,
  };
}
type Learned = Awaited<ReturnType<typeof learn>>;

function expectEqual(ours: Learned, theirs: Learned): void {
  expect(ours.sum).toBeCloseTo(theirs.sum, 5);
  expect(ours.evaluated).toBeCloseTo(theirs.evaluated, 5);
  for (const [i, value] of theirs.output.entries()) expect(ours.output[i]).toBeCloseTo(value, 5);
  for (const kind of ['once', 'twice', 'after'] as const) {
    expect([...ours[kind].keys()].toSorted()).toEqual([...theirs[kind].keys()].toSorted());
    const scale = Math.max(...[...theirs[kind].values()].flat().map(Math.abs));
    for (const [name, values] of theirs[kind])
      for (const [i, value] of values.entries())
        expect(Math.abs(ours[kind].get(name)![i]! - value) / scale, `${kind} ${name}`).toBeLessThan(1e-5);
  }
}

describe('a plan of many segments', () => {
  const cases: [string, NetworkOptions, ((name: string) => boolean)?][] = [
    ['cut between all layers', { layers: 4, cuts: 'all' }],
    ['cut between some', { layers: 5, cuts: 'skip' }],
    ['with a table at both ends, and a state that two segments read', { layers: 3, cuts: 'all', tied: true }],
    ['with two kinds of layers', { layers: 4, cuts: 'all', other: (i) => i % 2 === 1 }],
    ['whose embeddings are frozen', { layers: 3, cuts: 'all' }, (name) => name !== 'table'],
    ['whose last layers are trained', { layers: 4, cuts: 'all' }, (name) => /layers\.[23]|head/.test(name)],
    ['whose first layer alone is trained', { layers: 3, cuts: 'all' }, (name) => name.startsWith('layers.0')],
    ['whose head is trained', { layers: 3, cuts: 'all', tied: true }, (name) => name === 'head.weight'],
  ];
  it.each(cases)('%s has the numbers of one segment', async (_, options, trainable) => {
    const { cuts, ...whole } = options;
    const { layers } = options;
    const expected = await learn(planOf(whole, trainable), layers);
    const plan = planOf(options, trainable);
    expectEqual(await learn(plan, layers), expected);
    expectEqual(await learn(plan, layers, { provider: 'wasm', threads: 1 }), expected);
    expectEqual(await learn(plan, layers, cpu, openFfiDevice), expected);
  });

  it('has no backward pass where nothing is trained before', () => {
    const { segments } = planOf({ layers: 3, cuts: 'all' }, (name) => name.startsWith('layers.1'));
    expect(segments.map(({ name, trainingModel }) => [name, trainingModel !== undefined])).toEqual([
      ['state.0', false],
      ['state.1', false],
      ['state.2', true],
      ['state.3', true],
      ['head', true],
    ]);
  });
});

describe('layers', () => {
  const sessionsOf = async (options: NetworkOptions, trainable?: (name: string) => boolean) => {
    const plan = planOf(options, trainable);
    const residence = hostResidence(await stateOf(plan.initial), () => 0, cpu);
    let opened = 0;
    const counting = {
      ...residence,
      openModel(model: Uint8Array) {
        opened++;
        return residence.openModel(model);
      },
    };
    const { runners } = openSegments(plan.segments, counting, cpu);
    for (const runner of runners) await runner.inputs();
    for (const runner of runners.slice(0, -1)) await runner.forward(batchWithStates(options.layers));
    for (const runner of runners) runner.dispose();
    residence.dispose();
    return {
      opened,
      models: new Set(
        plan.segments.flatMap((each) => [each.trainingModel, each.forwardModel, each.evalModel]),
      ).size,
    };
  };
  const batchWithStates = (layers: number) => ({
    ...batchOf(layers),
    ...Object.fromEntries(Array.from({ length: layers + 1 }, (_, i) => [`state.${i}`, wave(4, i)])),
  });

  it('share sessions, however many they are', async () => {
    const few = await sessionsOf({ layers: 3, cuts: 'all' });
    expect(await sessionsOf({ layers: 12, cuts: 'all' })).toEqual(few);
    // Embeddings, layer: forward and backward; the head: backward.
    expect(few.opened).toBe(5);
  });

  it('of two kinds have two', async () => {
    const { opened } = await sessionsOf({ layers: 8, cuts: 'all', other: (i) => i % 2 === 1 });
    expect(opened).toBe(7);
  });

  it('share them too where nothing is trained before the first', async () => {
    const { opened } = await sessionsOf({ layers: 6, cuts: 'all' }, (name) => name !== 'table');
    // Embeddings: forward alone.
    expect(opened).toBe(4);
  });

  it('differ where one is frozen', async () => {
    const { opened } = await sessionsOf({ layers: 6, cuts: 'all' }, (name) => name !== 'layers.3.bias');
    // The forward graph is the same, but a kind is a pair of both.
    expect(opened).toBe(7);
  });
});
