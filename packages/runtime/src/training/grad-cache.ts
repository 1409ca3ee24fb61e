import { SessionError } from '../error.js';
import { Tensor, zeros } from '../tensor.js';
import { type Batch, type BatchResult, type ChunkedBatch, isChunked, type TrainingBatch } from './batch.js';
import type { Accumulation } from './lower.js';
import { boundaryGradient } from './objective.js';
import { lossScale } from './plan.js';
import type { SegmentRunner } from './segment-runner.js';

type Tensors = Readonly<Record<string, Tensor>>;

/**
 * Forward and backward of one batch, into the state's gradient buffers. A chunked batch (GradCache,
 * https://arxiv.org/abs/2101.06983) has the gradients of the whole one in the memory of a chunk: every chunk's forward
 * leaves only its boundary tensors, the head turns them all into boundary gradients, and every chunk's backward
 * computes its forward again and takes its rows of those. `how` is 'add' for a chunked batch, whose chunks add up.
 * The gradients are those of `scale` times the loss; the loss comes back without it.
 * @throws SessionError where chunks' boundary tensors differ in more than their first axis
 */
export async function forwardBackward(
  segments: readonly SegmentRunner[],
  batch: TrainingBatch,
  how: Accumulation,
  scale = 1,
): Promise<BatchResult> {
  if (isChunked(batch)) return chunkedForwardBackward(segments, batch, scale);
  const boundary: Record<string, Tensor> = {};
  for (const segment of segments.slice(0, -1))
    Object.assign(boundary, await segment.forward({ ...batch, ...boundary }));
  const feeds: Record<string, Tensor> = { ...batch, ...boundary, [lossScale]: scalar(scale) };
  let result: BatchResult | undefined;
  for (const segment of segments.toReversed()) {
    const yielded = await segment.backward(feeds, how);
    result ??= batchResult(yielded, scale);
    Object.assign(feeds, yielded);
  }
  return result!;
}

async function chunkedForwardBackward(
  segments: readonly SegmentRunner[],
  { chunks, head }: ChunkedBatch,
  scale: number,
): Promise<BatchResult> {
  const [encoder, last] = segments as readonly [SegmentRunner, SegmentRunner];
  const { whole, starts, count } = await boundaryOf(chunks, (chunk) => encoder.forward(chunk));
  const yielded = await last.backward({ ...head, ...whole, [lossScale]: scalar(scale) }, 'add');
  let i = 0;
  for (const chunk of chunks) {
    if (i === count) throw otherChunks(count, 'more');
    const arriving = Object.keys(whole).map((name) => {
      const gradient = boundaryGradient(name);
      return [gradient, rowsOf(yielded[gradient]!, starts.get(name)![i]!, starts.get(name)![i + 1]!)];
    });
    await encoder.backward({ ...chunk, ...Object.fromEntries(arriving) }, 'add');
    i++;
  }
  if (i < count) throw otherChunks(count, String(i));
  return batchResult(yielded, scale);
}

const otherChunks = (count: number, got: string): SessionError =>
  new SessionError(
    'chunks',
    `expected the ${count} chunks of the first pass again, got ${got} — give an array, or an iterable that starts anew`,
  );

/** Forward of one batch without dropout and gradients. */
export async function evaluateSegments(
  segments: readonly SegmentRunner[],
  batch: TrainingBatch,
): Promise<BatchResult> {
  if (isChunked(batch)) {
    const [encoder, last] = segments as readonly [SegmentRunner, SegmentRunner];
    const { whole } = await boundaryOf(batch.chunks, (chunk) => encoder.evaluate(chunk));
    return batchResult(await last.evaluate({ ...batch.head, ...whole, [lossScale]: scalar(1) }), 1);
  }
  const feeds: Record<string, Tensor> = { ...batch, [lossScale]: scalar(1) };
  let yielded: Tensors = {};
  for (const segment of segments) {
    yielded = await segment.evaluate(feeds);
    Object.assign(feeds, yielded);
  }
  return batchResult(yielded, 1);
}

const scalar = (value: number): Tensor => new Tensor('float32', [], Float32Array.of(value));

function batchResult({ loss, weight, ...others }: Tensors, scale: number): BatchResult {
  return { sum: Number(loss!.data[0]) / scale, weight: Number(weight!.data[0]), outputs: others };
}

interface Boundary {
  /** The boundary tensors of all chunks, one behind the other. */
  readonly whole: Tensors;
  /** For each of them, the first row of every chunk, and the number of rows at the end. */
  readonly starts: ReadonlyMap<string, readonly number[]>;
  /** Chunks. */
  readonly count: number;
}

async function boundaryOf(
  chunks: Iterable<Batch>,
  forward: (chunk: Batch) => Promise<Tensors>,
): Promise<Boundary> {
  const parts: Tensors[] = [];
  for (const chunk of chunks) parts.push(await forward(chunk));
  if (parts.length === 0)
    throw new SessionError('chunks', 'expected at least one, got none — leave out empty batches');
  const names = Object.keys(parts[0]!);
  const joined = names.map(
    (name) =>
      [
        name,
        joinRows(
          name,
          parts.map((part) => part[name]!),
        ),
      ] as const,
  );
  return {
    whole: Object.fromEntries(joined.map(([name, { whole }]) => [name, whole])),
    starts: new Map(joined.map(([name, { starts }]) => [name, starts])),
    count: parts.length,
  };
}

/** Tensors [rows, …] that differ in rows alone, one behind the other, and where each starts. */
export function joinRows(
  name: string,
  parts: readonly Tensor[],
): { readonly whole: Tensor; readonly starts: readonly number[] } {
  const [{ dtype, shape }] = parts as readonly [Tensor];
  const trailing = shape.slice(1);
  const starts = [0];
  for (const [i, part] of parts.entries()) {
    const fits =
      part.dtype === dtype &&
      part.shape.length === shape.length &&
      part.shape.slice(1).every((size, axis) => size === trailing[axis]);
    if (shape.length === 0 || !fits)
      throw new SessionError(
        `chunk ${i}: boundary "${name}"`,
        `expected ${dtype} [rows${trailing.map((size) => `, ${size}`).join('')}] as in the first chunk, got ${part.dtype} [${part.shape.join(', ')}] — chunks may differ in rows alone`,
      );
    starts.push(starts.at(-1)! + part.shape[0]!);
  }
  const whole = zeros(dtype, [starts.at(-1)!, ...trailing]);
  const row = trailing.reduce((size, dim) => size * dim, 1);
  for (const [i, { data }] of parts.entries())
    (whole.data as Float32Array).set(data as Float32Array, starts[i]! * row);
  return { whole, starts };
}

/** Rows `from` to `to` (exclusive) of a tensor [rows, …], as a view. */
export function rowsOf({ dtype, shape, data }: Tensor, from: number, to: number): Tensor {
  const trailing = shape.slice(1);
  const row = trailing.reduce((size, dim) => size * dim, 1);
  return new Tensor(dtype, [to - from, ...trailing], data.subarray(from * row, to * row));
}
