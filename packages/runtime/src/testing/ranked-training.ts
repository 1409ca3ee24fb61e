import { add, gather, gelu, input, linear, mul, parameter, reduceSum } from '@rag/onnx';
import { expect } from 'vitest';
import { loopback } from '../collectives/loopback.js';
import { Tensor } from '../tensor.js';
import type { Batch, TrainingBatch } from '../training/batch.js';
import { compile } from '../training/compile.js';
import type { Objective } from '../training/objective.js';
import type { Plan } from '../training/plan.js';
import { TrainingSession } from '../training/session.js';
import type { Sharding } from '../training/sharding.js';

const LAYERS = 3;

/**
 * Embeddings, residual layers with noise for dropout, and a head that reads the table again: half the squares of its output, per row.
 * `isSplit`: cut between all layers.
 */
export const rowNetwork = (isSplit: boolean): Objective => ({
  build(mode) {
    const ids = input('ids', 'int64', ['rows']);
    const row_weight = input('row_weight', 'float32', ['rows', 1]);
    const table = parameter('table', [7, 4]);
    const states = [gather(table, ids)];
    const noises = Array.from({ length: LAYERS }, (_, i) => input(`noise.${i}`, 'float32', ['rows', 4]));
    for (const [i, noise] of noises.entries()) {
      const x = states.at(-1)!;
      const dense = linear(x, parameter(`layers.${i}.weight`, [4, 4]), parameter(`layers.${i}.bias`, [4]));
      states.push(add(x, mode === 'train' ? mul(gelu(dense), noise) : gelu(dense)));
    }
    const output = linear(add(states.at(-1)!, gather(table, ids)), parameter('head.weight', [3, 4]));
    return {
      inputs: [ids, row_weight, ...(mode === 'train' ? noises : [])],
      sum: mul(reduceSum(mul(mul(output, output), row_weight)), 0.5),
      weight: reduceSum(row_weight),
      outputs: { output },
      ...(isSplit && { cuts: states.map((state, i) => ({ [`state.${i}`]: state })) }),
    };
  },
});

const wave = (rows: number, width: number, phase: number): Tensor =>
  new Tensor(
    'float32',
    [rows, width],
    Float32Array.from({ length: rows * width }, (_, i) => Math.cos(0.9 * i + phase)),
  );

/** A batch of `rowNetwork`. */
export const rowBatch = (rows: number, phase: number): Batch => ({
  ids: new Tensor(
    'int64',
    [rows],
    BigInt64Array.from({ length: rows }, (_, i) => BigInt((3 * i + phase) % 7)),
  ),
  row_weight: new Tensor('float32', [rows, 1], new Float32Array(rows).fill(1)),
  ...Object.fromEntries(Array.from({ length: LAYERS }, (_, i) => [`noise.${i}`, wave(rows, 4, i + phase)])),
});

/** Rows `from` … `to` of every tensor of a batch. */
export const rowsOfBatch = (batch: Batch, from: number, to: number): Batch =>
  Object.fromEntries(
    Object.entries(batch).map(([name, { dtype, shape, data }]) => {
      const width = shape.slice(1).reduce((product, dim) => product * dim, 1);
      return [name, new Tensor(dtype, [to - from, ...shape.slice(1)], data.slice(from * width, to * width))];
    }),
  );

/** The part of a batch that a rank computes: none where there are fewer rows than ranks. */
export function partOf(batch: Batch, rank: number, size: number): Batch | undefined {
  const rows = Object.values(batch)[0]!.shape[0]!;
  const [from, to] = [Math.floor((rows * rank) / size), Math.floor((rows * (rank + 1)) / size)];
  return from === to ? undefined : rowsOfBatch(batch, from, to);
}

/** Values that depend on the name and the place alone. */
export const initialOf = (name: string, shape: readonly number[]): Float32Array =>
  Float32Array.from(
    { length: shape.reduce((a, b) => a * b, 1) },
    (_, i) => Math.sin(1.7 * i + name.length) / 2,
  );

/** AdamW whose ε outweighs its root, which makes steps in proportion to gradients. */
export const likeSgd = { epsilon: 1, weightDecay: 0.01 };

export const rowPlan = (isSplit: boolean, trainable?: (name: string) => boolean): Plan =>
  compile(rowNetwork(isSplit), {
    initial: initialOf,
    optimizer: likeSgd,
    ...(trainable && { trainable }),
  });

/** What a run of updates gave. */
export interface Learned {
  /** Of the first update. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
  readonly losses: readonly number[];
  readonly norms: readonly number[];
  readonly weights: ReadonlyMap<string, Float32Array>;
}

const copied = (tensors: readonly { readonly name: string; readonly data: ArrayLike<number> }[]) =>
  new Map(tensors.map(({ name, data }) => [name, Float32Array.from(data)]));

/** Updates of micro-batches each; `updates` are this rank's parts. */
export async function learn(
  session: TrainingSession,
  updates: readonly (readonly (TrainingBatch | undefined)[])[],
  learningRate = 0.1,
): Promise<Learned> {
  let gradients: ReadonlyMap<string, Float32Array> | undefined;
  const [losses, norms]: [number[], number[]] = [[], []];
  for (const batches of updates) {
    for (const [i, batch] of batches.entries())
      await session.accumulate(batch, { last: i === batches.length - 1 });
    if (!gradients) {
      await session.synchronize();
      gradients = copied(session.gradients() as never);
    }
    const { loss, gradientNorm } = await session.update({ learningRate });
    losses.push(loss);
    norms.push(gradientNorm);
  }
  await session.synchronize();
  const weights = copied(session.weights() as never);
  return { gradients: gradients!, losses, norms, weights };
}

/** The same run on each of several ranks of this process. */
export async function learnOnRanks(
  plan: Plan,
  size: number,
  sharding: Sharding,
  partsOf: (rank: number) => readonly (readonly (TrainingBatch | undefined)[])[],
): Promise<Learned[]> {
  return Promise.all(
    loopback(size).map(async (collective) => {
      const compute = { provider: 'cpu', threads: 1, collective, sharding } as const;
      const session = await TrainingSession.create(plan, compute);
      try {
        return await learn(session, partsOf(collective.rank));
      } finally {
        session.dispose();
      }
    }),
  );
}

/** The run of one process. */
export async function learnAlone(
  plan: Plan,
  updates: readonly (readonly TrainingBatch[])[],
): Promise<Learned> {
  const session = await TrainingSession.create(plan, { provider: 'cpu', threads: 1 });
  try {
    return await learn(session, updates);
  } finally {
    session.dispose();
  }
}

/** The largest difference, as a share of the largest number. */
export function distance(
  ours: ReadonlyMap<string, Float32Array>,
  theirs: ReadonlyMap<string, Float32Array>,
): number {
  expect([...ours.keys()].toSorted()).toEqual([...theirs.keys()].toSorted());
  let [worst, most] = [0, 0];
  for (const [name, values] of theirs)
    for (const [i, value] of values.entries()) {
      const difference = Math.abs(value - ours.get(name)![i]!);
      worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(worst, difference);
      most = Math.max(most, Math.abs(value));
    }
  return worst / most;
}

/** Every rank learned what one process learned. @param tolerance of the largest gradient, and of the largest weight */
export function expectAsAlone(ranks: readonly Learned[], alone: Learned, tolerance = 1e-6): void {
  for (const one of ranks) {
    expect(distance(one.gradients, alone.gradients)).toBeLessThan(tolerance);
    expect(distance(one.weights, alone.weights)).toBeLessThan(tolerance);
    for (const [i, loss] of alone.losses.entries()) {
      // A divergence is a difference of logarithms far larger than itself.
      expect(Math.abs(one.losses[i]! - loss) / Math.abs(loss)).toBeLessThan(1e-5);
      expect(Math.abs(one.norms[i]! - alone.norms[i]!) / alone.norms[i]!).toBeLessThan(1e-5);
    }
  }
}
