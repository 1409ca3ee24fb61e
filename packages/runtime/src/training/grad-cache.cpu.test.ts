import {
  add,
  exp,
  gelu,
  input,
  linear,
  log,
  matmul,
  mul,
  parameter,
  reduceSum,
  reshape,
  sub,
  transpose,
  type Value,
} from '@rag/onnx';
import { afterEach, describe, expect, it } from 'vitest';
import { Tensor } from '../tensor.js';
import type { Batch } from './batch.js';
import { compile } from './compile.js';
import type { Objective } from './objective.js';
import { TrainingSession } from './session.js';

/**
 * A loss in which every row meets every other: Σ_i log Σ_j exp(v_i·a·v_j) − Σ v·y, v = gelu(x·wᵀ + b) · noise; noise
 * stands for dropout, and a keeps a parameter behind the cut.
 */
const contrast = (cut: boolean, shape?: (hidden: Value) => Value): Objective => ({
  build(mode) {
    const x = input('x', 'float32', ['batch', 3]);
    const noise = input('noise', 'float32', ['batch', 4]);
    const y = input('y', 'float32', ['batch', 4]);
    const weighted = gelu(linear(x, parameter('first.weight', [4, 3]), parameter('first.bias', [4])));
    const hidden = mode === 'train' ? mul(weighted, noise) : weighted;
    const boundary = shape ? shape(hidden) : hidden;
    const flat = shape ? reshape(boundary, [-1, 4]) : boundary;
    const scores = matmul(mul(flat, parameter('second.weight', [4])), transpose(flat));
    const partition = reduceSum(log(reduceSum(exp(scores), [1])));
    return {
      inputs: mode === 'train' ? [x, noise, y] : [x, y],
      sum: sub(partition, reduceSum(mul(y, flat))),
      weight: add(reduceSum(mul(reduceSum(flat, [1]), 0)), 7),
      outputs: { scores },
      ...(cut && { cuts: [{ hidden: boundary }], chunkCut: 'hidden' }),
    };
  },
});

const wave = (rows: number, width: number, phase: number) =>
  new Tensor(
    'float32',
    [rows, width],
    Float32Array.from({ length: rows * width }, (_, i) => Math.sin(1.7 * i + phase)),
  );
const rowsOf = ({ shape: [, width], data }: Tensor, from: number, to: number) =>
  new Tensor('float32', [to - from, width!], data.slice(from * width!, to * width!));

const rows = 7;
const [x, noise, y] = [wave(rows, 3, 1), wave(rows, 4, 2), wave(rows, 4, 3)];
const whole: Batch = { x, noise, y };
const chunked = (sizes: readonly number[]) => {
  let at = 0;
  const chunks = sizes.map((size) => {
    const [from, to] = [at, at + size];
    at = to;
    return { x: rowsOf(x, from, to), noise: rowsOf(noise, from, to) };
  });
  return { chunks, head: { y } };
};

const opened: TrainingSession[] = [];
afterEach(() => {
  for (const session of opened.splice(0)) session.dispose();
});
async function open(cut: boolean, shape?: (hidden: Value) => Value): Promise<TrainingSession> {
  const initial = (name: string, dims: readonly number[]) =>
    Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => Math.cos(2.3 * i + name.length));
  const plan = compile(contrast(cut, shape), { initial, optimizer: {} });
  const session = await TrainingSession.create(plan, { provider: 'cpu', threads: 1 });
  opened.push(session);
  return session;
}

const gradientsOf = (session: TrainingSession) =>
  new Map(session.gradients().map(({ name, data }) => [name, Array.from(data as Float32Array)]));
/** The largest difference as a share of the largest gradient. */
function distance(a: TrainingSession, b: TrainingSession): number {
  const [ours, theirs] = [gradientsOf(a), gradientsOf(b)];
  const scale = Math.max(...[...theirs.values()].flat().map(Math.abs));
  expect(scale).toBeGreaterThan(0.1);
  const worst = [...theirs].flatMap(([name, values]) =>
    values.map((value, i) => Math.abs(value - ours.get(name)![i]!)),
  );
  return Math.max(...worst) / scale;
}

describe('chunks', () => {
  it.each([[[7]], [[3, 4]], [[1, 5, 1]], [[1, 1, 1, 1, 1, 1, 1]]])(
    'of %j rows have the loss and the gradients of the whole batch',
    async (sizes) => {
      const [one, cut] = [await open(false), await open(true)];
      const expected = await one.accumulate(whole);
      const result = await cut.accumulate(chunked(sizes));
      expect(result.sum).toBeCloseTo(expected.sum, 4);
      expect(result.weight).toBe(7);
      expect(result.outputs.scores!.shape).toEqual([7, 7]);
      expect(distance(cut, one)).toBeLessThan(1e-5);
    },
  );

  it('add to the gradients before them, and batches after them add to theirs', async () => {
    const [one, cut] = [await open(false), await open(true)];
    for (const _ of [0, 1, 2]) await one.accumulate(whole);
    await cut.accumulate(whole);
    await cut.accumulate(chunked([2, 5]));
    await cut.accumulate(whole);
    expect(distance(cut, one)).toBeLessThan(1e-5);
    const [a, b] = [await one.update({ learningRate: 0.01 }), await cut.update({ learningRate: 0.01 })];
    expect(b.weight).toBe(21);
    expect(b.gradientNorm).toBeCloseTo(a.gradientNorm, 4);
    await one.accumulate(whole);
    await cut.accumulate(chunked([4, 3]));
    expect(distance(cut, one)).toBeLessThan(1e-5);
  });

  it('meet the same dropout in both of their forward passes', async () => {
    const [one, cut] = [await open(false), await open(true)];
    const other = { ...whole, noise: wave(rows, 4, 5) };
    await one.accumulate(other);
    await cut.accumulate(chunked([3, 4]));
    expect(distance(cut, one)).toBeGreaterThan(1e-2);
  });

  it('are evaluated without what only training reads', async () => {
    const [one, cut] = [await open(false), await open(true)];
    const { chunks, head } = chunked([2, 5]);
    const expected = await one.evaluate(whole);
    const bare = { chunks: chunks.map((chunk) => ({ x: chunk.x! })), head };
    for (const batch of [{ chunks, head }, bare]) {
      const result = await cut.evaluate(batch);
      expect(result.sum).toBeCloseTo(expected.sum, 4);
      expect(result.outputs.scores!.shape).toEqual([7, 7]);
    }
  });
});

describe('errors', () => {
  it('name the chunk or the head, and leave no gradients behind', async () => {
    const [one, cut] = [await open(false), await open(true)];
    await expect(one.accumulate(chunked([3, 4]))).rejects.toThrow(
      'accumulate: expected one batch for a plan of one segment, got chunks',
    );
    await expect(one.evaluate(chunked([3, 4]))).rejects.toThrow('evaluate: expected one batch');
    const { chunks } = chunked([3, 4]);
    await expect(cut.accumulate({ chunks, head: {} })).rejects.toThrow('head: expected the tensors y');
    await cut.accumulate(chunked([3, 4]));
    await expect(cut.accumulate({ chunks, head: { y: rowsOf(y, 0, 6) } })).rejects.toThrow(/along "batch"/);
    await expect(cut.update({ learningRate: 1 })).rejects.toThrow(/expected gradients, got none/);
    await one.accumulate(whole);
    await cut.accumulate(chunked([3, 4]));
    expect(distance(cut, one)).toBeLessThan(1e-5);
  });

  it('ask for the same chunks in both passes', async () => {
    const cut = await open(true);
    const { chunks, head } = chunked([3, 4]);
    const again = 'expected the 2 chunks of the first pass again';
    await expect(cut.accumulate({ chunks: chunks.values(), head })).rejects.toThrow(`${again}, got 0`);
    let pass = 0;
    const growing = {
      [Symbol.iterator]: () => [...chunks, ...chunks].slice(0, pass++ === 0 ? 2 : 3).values(),
    };
    await expect(cut.accumulate({ chunks: growing, head })).rejects.toThrow(`${again}, got more`);
    await expect(cut.accumulate({ chunks: [], head })).rejects.toThrow('chunks: expected at least one');
  });

  it('say where boundary tensors differ in more than rows', async () => {
    const session = await open(true, (hidden) => reshape(hidden, [1, -1, 4]));
    await expect(session.accumulate(chunked([3, 4]))).rejects.toThrow(
      'chunk 1: boundary "hidden": expected float32 [rows, 3, 4] as in the first chunk, got float32 [1, 4, 4]',
    );
  });
});
