import { SessionError } from '../error.js';
import { Tensor, zeros } from '../tensor.js';
import { type Batch, type BatchResult, type ChunkedBatch, isChunked, type TrainingBatch } from './batch.js';
import type { Accumulation } from './lower.js';
import { boundaryGradient } from './objective.js';
import { lossScale } from './plan.js';
import type { SegmentRunner } from './segment-runner.js';
import { backwardThrough, forwardThrough } from './through-segments.js';

type Tensors = Readonly<Record<string, Tensor>>;

/** The segments of a plan, and how many of them stand before the cut at which a batch may come in chunks. */
export interface RunnablePlan {
  readonly segments: readonly SegmentRunner[];
  readonly chunkedSegments: number | undefined;
}

/**
 * Forward and backward of one batch, into the state's gradient buffers. A chunked batch (GradCache,
 * https://arxiv.org/abs/2101.06983) has the gradients of the whole one in the memory of a chunk: every chunk's forward
 * leaves only its boundary tensors, the head turns them all into boundary gradients, and every chunk's backward
 * computes its forward again and takes its rows of those. `how` is 'add' for a chunked batch, whose chunks add up.
 * The gradients are those of `scale` times the loss; the loss comes back without it.
 * @throws SessionError where chunks' boundary tensors differ in more than their first axis
 */
export async function forwardBackward(
  { segments, chunkedSegments = 0 }: RunnablePlan,
  batch: TrainingBatch,
  how: Accumulation,
  scale = 1,
): Promise<BatchResult> {
  if (isChunked(batch)) return chunkedForwardBackward(segments, chunkedSegments, batch, scale);
  const feeds: Record<string, Tensor> = { ...batch, [lossScale]: scalar(scale) };
  await forwardThrough(segments.slice(0, -1), feeds, 'forward', takenBy(segments));
  return batchResult(await backwardThrough(segments, feeds, how), scale);
}

async function chunkedForwardBackward(
  segments: readonly SegmentRunner[],
  chunkedSegments: number,
  { chunks, head }: ChunkedBatch,
  scale: number,
): Promise<BatchResult> {
  const [encoder, last] = [segments.slice(0, chunkedSegments), segments.slice(chunkedSegments)];
  const { whole, starts, count } = await boundaryOf(encoder, last, chunks, 'forward');
  const feeds: Record<string, Tensor> = { ...head, ...whole, [lossScale]: scalar(scale) };
  await forwardThrough(last.slice(0, -1), feeds, 'forward', takenBy(last));
  const yielded = await backwardThrough(last, feeds, 'add');
  const gradients = Object.keys(whole).filter((name) => feeds[boundaryGradient(name)]);
  let i = 0;
  for (const chunk of chunks) {
    if (i === count) throw otherChunks(count, 'more');
    const arriving = gradients.map((name) => {
      const gradient = boundaryGradient(name);
      return [gradient, rowsOf(feeds[gradient]!, starts.get(name)![i]!, starts.get(name)![i + 1]!)];
    });
    i++;
    if (arriving.length === 0) continue;
    const own: Record<string, Tensor> = { ...chunk };
    await forwardThrough(encoder.slice(0, -1), own, 'forward', takenBy(encoder));
    await backwardThrough(encoder, Object.assign(own, Object.fromEntries(arriving)), 'add');
  }
  if (i < count) throw otherChunks(count, String(i));
  for (const name of gradients) last[0]!.release(feeds[boundaryGradient(name)]!);
  return batchResult(yielded, scale);
}

const takenBy = (segments: readonly SegmentRunner[]): ReadonlySet<string> =>
  new Set(segments.flatMap(({ takes }) => takes));

const otherChunks = (count: number, got: string): SessionError =>
  new SessionError(
    'chunks',
    `expected the ${count} chunks of the first pass again, got ${got} — give an array, or an iterable that starts anew`,
  );

/** Forward of one batch without dropout and gradients. */
export async function evaluateSegments(
  { segments, chunkedSegments = 0 }: RunnablePlan,
  batch: TrainingBatch,
): Promise<BatchResult> {
  if (!isChunked(batch)) return evaluateWhole(segments, batch);
  const [encoder, last] = [segments.slice(0, chunkedSegments), segments.slice(chunkedSegments)];
  const { whole } = await boundaryOf(encoder, last, batch.chunks, 'evaluate');
  return evaluateWhole(last, { ...batch.head, ...whole });
}

async function evaluateWhole(segments: readonly SegmentRunner[], batch: Batch): Promise<BatchResult> {
  const feeds: Record<string, Tensor> = { ...batch, [lossScale]: scalar(1) };
  return batchResult(await forwardThrough(segments, feeds, 'evaluate', new Set()), 1);
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

/** What the segments behind the cut take of those before it. */
async function boundaryOf(
  encoder: readonly SegmentRunner[],
  behind: readonly SegmentRunner[],
  chunks: Iterable<Batch>,
  mode: 'forward' | 'evaluate',
): Promise<Boundary> {
  const taken = takenBy(behind);
  const parts: Tensors[] = [];
  for (const chunk of chunks) {
    const own: Record<string, Tensor> = { ...chunk };
    await forwardThrough(encoder, own, mode, taken);
    const kept = encoder.flatMap(({ yields }) => yields).filter((name) => taken.has(name));
    parts.push(Object.fromEntries(kept.map((name) => [name, own[name]!])));
  }
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
  for (const part of parts) for (const tensor of Object.values(part)) encoder[0]!.release(tensor);
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
