import { SessionError } from '../error.js';
import { Tensor, zeros } from '../tensor.js';
import { type Batch, type BatchResult, type ChunkedBatch, isChunked, type TrainingBatch } from './batch.js';
import { gatherRows, scatterRows } from './gathered-rows.js';
import type { Accumulation } from './lower.js';
import { boundaryGradient } from './objective.js';
import { lossScale } from './plan.js';
import { agreedPart, inStep } from './rank-chunks.js';
import type { RankedMemory } from './ranked-memory.js';
import type { SegmentRunner } from './segment-runner.js';
import { backwardThrough, forwardThrough, idleBackward, idleForward } from './through-segments.js';

type Tensors = Readonly<Record<string, Tensor>>;

/** The segments of a plan, and how many of them stand before the cut at which a batch may come in chunks. */
export interface RunnablePlan {
  readonly segments: readonly SegmentRunner[];
  readonly chunkedSegments: number | undefined;
  /** Where several ranks compute it. */
  readonly ranks?: Pick<RankedMemory, 'collective' | 'sharesGradients' | 'sharesValues'> | undefined;
}

/** How the gradients of a batch meet others. */
export interface BackwardOptions {
  /** 'add' for a chunked batch, whose chunks add up. */
  readonly how: Accumulation;
  /** The gradients are those of so many times the loss; the loss comes back without it. @default 1 */
  readonly scale?: number;
  /** Whether no batch adds to them before the update. @default false */
  readonly isFinal?: boolean;
}

/**
 * Forward and backward of one batch, into the state's gradient buffers. A chunked batch (GradCache,
 * https://arxiv.org/abs/2101.06983) has the gradients of the whole one in the memory of a chunk: every chunk's forward
 * leaves only its boundary tensors, the head turns them all into boundary gradients, and every chunk's backward
 * computes its forward again and takes its rows of those.
 * @param batch undefined where this rank has nothing to compute
 * @throws SessionError where chunks' boundary tensors differ in more than their first axis
 */
export async function forwardBackward(
  plan: RunnablePlan,
  batch: TrainingBatch | undefined,
  { how, scale = 1, isFinal = false }: BackwardOptions,
): Promise<BatchResult> {
  const { segments } = plan;
  const part = await agreedPart(batch, stepping(plan.ranks, 'forward'));
  if (part && isChunked(part)) return chunkedForwardBackward(plan, part, scale, isFinal);
  if (!part) {
    await idleForward(segments.slice(0, -1), 'forward');
    await idleBackward(segments, isFinal);
    return nothing;
  }
  const feeds: Record<string, Tensor> = { ...part, [lossScale]: scalar(scale) };
  await forwardThrough(segments.slice(0, -1), feeds, 'forward', takenBy(segments));
  return batchResult(await backwardThrough(segments, feeds, how, isFinal), scale);
}

async function chunkedForwardBackward(
  { segments, chunkedSegments = 0, ranks }: RunnablePlan,
  { chunks, head, gathered }: ChunkedBatch,
  scale: number,
  isFinal: boolean,
): Promise<BatchResult> {
  const [encoder, last] = [segments.slice(0, chunkedSegments), segments.slice(chunkedSegments)];
  const own = await boundaryOf(encoder, last, chunks, 'forward', ranks);
  const all = gathered && ranks && (await gatherRows(own.names, own.whole, ranks.collective));
  const share = shareOf(gathered, ranks);
  const feeds: Record<string, Tensor> = {
    ...head,
    ...(all ?? own).whole,
    [lossScale]: scalar(scale * share),
  };
  const yielded = await headBackward(last, hasHead(head, own, !!all) ? feeds : undefined, isFinal);
  const gradients: Record<string, Tensor | undefined> = all
    ? await scatterRows(all, (name) => feeds[boundaryGradient(name)], ranks!.collective)
    : Object.fromEntries(own.names.map((name) => [name, feeds[boundaryGradient(name)]]));
  const arrived = own.names.filter((name) => gradients[name]);
  const trains = encoder.some((segment) => segment.trains);
  let i = 0;
  let rounds = 0;
  for await (const chunk of inStep(chunks, stepping(ranks, 'forward'))) {
    rounds++;
    if (chunk === undefined && trains) {
      await idleForward(encoder.slice(0, -1), 'forward');
      await idleBackward(encoder, isFinal && rounds === own.rounds);
    }
    if (chunk === undefined) continue;
    if (i === own.count) throw otherChunks(own.count, 'more');
    const arriving = arrived.map((name) => {
      const starts = own.starts.get(name)!;
      return [boundaryGradient(name), rowsOf(gradients[name]!, starts[i]!, starts[i + 1]!)];
    });
    i++;
    if (!trains) continue;
    const feed: Record<string, Tensor> = { ...chunk };
    await forwardThrough(encoder.slice(0, -1), feed, 'forward', takenBy(encoder));
    const isLast = rounds === own.rounds;
    await backwardThrough(
      encoder,
      Object.assign(feed, Object.fromEntries(arriving)),
      'add',
      isFinal && isLast,
    );
  }
  if (i < own.count) throw otherChunks(own.count, String(i));
  if (own.rounds === 0) await idleBackward(encoder, isFinal);
  for (const name of own.names) {
    const gradient = feeds[boundaryGradient(name)];
    if (gradient) last[0]!.release(gradient);
  }
  return yielded ? batchResult(yielded, scale, share) : nothing;
}

type Ranks = RunnablePlan['ranks'];

const nothing: BatchResult = { sum: 0, weight: 0, outputs: {} };

/** What a rank counts of a head that all compute alike. */
const shareOf = (gathered: ChunkedBatch['gathered'], ranks: Ranks): number =>
  gathered === 'same head' && ranks ? 1 / ranks.collective.size : 1;

/** Whether there is something behind the cut to compute on this rank: with the rows of all, where it was fed. */
const hasHead = (head: Batch, { count }: Boundary, gathered: boolean): boolean =>
  gathered ? Object.keys(head).length > 0 : count > 0;

/** Forward and backward of what stands behind the cut. */
async function headBackward(
  last: readonly SegmentRunner[],
  feeds: Record<string, Tensor> | undefined,
  isFinal: boolean,
): Promise<Tensors | undefined> {
  if (feeds) {
    await forwardThrough(last.slice(0, -1), feeds, 'forward', takenBy(last));
    return backwardThrough(last, feeds, 'add', isFinal);
  }
  await idleForward(last.slice(0, -1), 'forward');
  await idleBackward(last, isFinal);
  return undefined;
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
  { segments, chunkedSegments = 0, ranks }: RunnablePlan,
  batch: TrainingBatch | undefined,
): Promise<BatchResult> {
  const part = await agreedPart(batch, stepping(ranks, 'evaluate'));
  if (!part || !isChunked(part)) return evaluateWhole(segments, part);
  const [encoder, last] = [segments.slice(0, chunkedSegments), segments.slice(chunkedSegments)];
  const { chunks, head, gathered } = part;
  const own = await boundaryOf(encoder, last, chunks, 'evaluate', ranks);
  const all = gathered && ranks && (await gatherRows(own.names, own.whole, ranks.collective));
  const feeds = { ...head, ...(all ?? own).whole };
  return evaluateWhole(last, hasHead(head, own, !!all) ? feeds : undefined, shareOf(gathered, ranks));
}

async function evaluateWhole(
  segments: readonly SegmentRunner[],
  batch: Batch | undefined,
  share = 1,
): Promise<BatchResult> {
  if (!batch) {
    await idleForward(segments, 'evaluate');
    return nothing;
  }
  const feeds: Record<string, Tensor> = { ...batch, [lossScale]: scalar(share) };
  return batchResult(await forwardThrough(segments, feeds, 'evaluate', new Set()), 1, share);
}

const scalar = (value: number): Tensor => new Tensor('float32', [], Float32Array.of(value));

/** @param share what the weight is multiplied by; the loss was already */
function batchResult({ loss, weight, ...others }: Tensors, scale: number, share = 1): BatchResult {
  return { sum: Number(loss!.data[0]) / scale, weight: Number(weight!.data[0]) * share, outputs: others };
}

interface Boundary {
  /** What stands behind the cut and was made before it. */
  readonly names: readonly string[];
  /** These tensors of all chunks, one behind the other; none without chunks. */
  readonly whole: Tensors;
  /** For each of them, the first row of every chunk, and the number of rows at the end. */
  readonly starts: ReadonlyMap<string, readonly number[]>;
  /** Chunks. */
  readonly count: number;
  /** Passes, those of other ranks' chunks included where ranks go in step. */
  readonly rounds: number;
}

/** What the segments behind the cut take of those before it. */
async function boundaryOf(
  encoder: readonly SegmentRunner[],
  behind: readonly SegmentRunner[],
  chunks: Iterable<Batch>,
  mode: 'forward' | 'evaluate',
  ranks: Ranks,
): Promise<Boundary> {
  const taken = takenBy(behind);
  const names = encoder.flatMap(({ yields }) => yields).filter((name) => taken.has(name));
  const parts: Tensors[] = [];
  let rounds = 0;
  for await (const chunk of inStep(chunks, stepping(ranks, mode))) {
    rounds++;
    if (chunk === undefined) {
      await idleForward(encoder, mode);
      continue;
    }
    const own: Record<string, Tensor> = { ...chunk };
    await forwardThrough(encoder, own, mode, taken);
    parts.push(Object.fromEntries(names.map((name) => [name, own[name]!])));
  }
  const count = parts.length;
  if (count === 0 && !ranks)
    throw new SessionError('chunks', 'expected at least one, got none — leave out empty batches');
  if (count === 0) return { names, whole: {}, starts: new Map(), count, rounds };
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
    names,
    whole: Object.fromEntries(joined.map(([name, { whole }]) => [name, whole])),
    starts: new Map(joined.map(([name, { starts }]) => [name, starts])),
    count,
    rounds,
  };
}

/** The collective of ranks whose passes are made together: something of a pass lies in shares. */
const stepping = (ranks: Ranks, mode: 'forward' | 'evaluate') =>
  ranks && (mode === 'forward' ? ranks.sharesGradients : ranks.sharesValues) ? ranks.collective : undefined;

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
