import { gradientBuffer, lazyResetGrad } from '../artifacts/names.js';
import { SessionError } from '../error.js';
import type { Tensor } from '../tensor.js';
import { boundaryGradient } from './objective.js';
import { lossScale, type Segment } from './plan.js';
import { declaredInputs } from './segment-inputs.js';
import { namingOf } from './segment-names.js';
import type { TrainingState } from './state.js';

/** The tensors of one batch by the names of the objective's inputs. */
export type Batch = Readonly<Record<string, Tensor>>;

/**
 * One batch of an objective with a `chunkCut`, its encoder's part in chunks: each feeds what stands before the cut (dropout
 * included), `head` what stands after it. The head sees the chunks' boundary tensors one behind the other.
 */
export interface ChunkedBatch {
  /**
   * Read from its start once per pass, two passes in training: an array, or an iterable that makes the same chunks anew
   * each time and so holds the tensors of one.
   */
  readonly chunks: Iterable<Batch>;
  readonly head: Batch;
  /**
   * Of several ranks, each with chunks of its own or none: the head sees the boundary tensors of all ranks, rank by rank, and their gradients
   * flow back to every rank. `own head`: each rank's head is fed with its own part of the loss, or with nothing; `same head`: all are
   * fed the same whole, of which each counts its share.
   */
  readonly gathered?: 'own head' | 'same head';
}

/** What a training session takes at once; a chunked one needs a plan with a `chunkCut`. */
export type TrainingBatch = Batch | ChunkedBatch;

export const isChunked = (batch: TrainingBatch): batch is ChunkedBatch =>
  Symbol.iterator in Object(batch.chunks);

/** What one batch gave. */
export interface BatchResult {
  /** The loss summed over `weight`. */
  readonly sum: number;
  /** Rows, pairs or groups. */
  readonly weight: number;
  /** The objective's further outputs. */
  readonly outputs: Readonly<Record<string, Tensor>>;
}

/** What a batch holds: the inputs of a segment's models that neither the state nor a segment feeds. */
export interface BatchNames {
  readonly segment: string;
  readonly training: readonly string[];
  readonly evaluation: readonly string[];
}

/** The names of each segment, in the plan's order. */
export function batchNames(segments: readonly Segment[], state: TrainingState): readonly BatchNames[] {
  const fed = new Set([
    lossScale,
    lazyResetGrad,
    ...state.frozen.keys(),
    ...state.resident.keys(),
    ...state.trained.flatMap(({ name }) => [name, gradientBuffer(name)]),
    ...segments.flatMap(({ yields }) => [...yields, ...yields.map(boundaryGradient)]),
  ]);
  return segments.map((segment) => {
    const naming = namingOf(segment);
    const declared = (...models: readonly (Uint8Array | undefined)[]): string[] => {
      const names = models.flatMap((model) => (model ? declaredInputs(model) : []));
      return [...new Set(names.map(naming))].filter((name) => !fed.has(name));
    };
    return {
      segment: segment.name,
      training: declared(segment.trainingModel, segment.forwardModel),
      evaluation: declared(segment.evalModel),
    };
  });
}

/** Everything that a batch may feed, in the plan's order. */
export const knownNames = (names: readonly BatchNames[]): ReadonlySet<string> =>
  new Set(names.flatMap(({ training, evaluation }) => [...training, ...evaluation]));

/**
 * The batch, its names checked; those of a chunk are checked when it is read. A batch for evaluation may hold what only
 * training reads.
 * @param chunkedSegments how many segments stand before the cut at which it may come in chunks
 * @param mayBeEmpty whether a head may be fed with nothing: on one of several ranks
 * @throws SessionError for tensors that the objective does not declare or that are missing, and for chunks where the
 * plan has no such cut
 */
export function checkedBatch(
  where: string,
  batch: TrainingBatch,
  names: readonly BatchNames[],
  mode: 'training' | 'evaluation',
  chunkedSegments?: number,
  mayBeEmpty = false,
): TrainingBatch {
  if (!isChunked(batch)) {
    checkNames(where, batch, names, mode);
    return batch;
  }
  if (chunkedSegments === undefined)
    throw new SessionError(
      where,
      `expected one batch for a plan of ${names.length === 1 ? 'one segment' : `${names.length} segments`}, got chunks — compile the objective with a chunkCut to train by chunks`,
    );
  const [encoder, head] = [names.slice(0, chunkedSegments), names.slice(chunkedSegments)];
  const isEmpty = Object.keys(batch.head).length === 0;
  if (!(isEmpty && mayBeEmpty)) checkNames(`${where}: head`, batch.head, head, mode);
  const chunks = {
    *[Symbol.iterator]() {
      let i = 0;
      for (const chunk of batch.chunks) {
        checkNames(`${where}: chunk ${i++}`, chunk, encoder, mode);
        yield chunk;
      }
    },
  };
  return { chunks, head: batch.head, ...(batch.gathered && { gathered: batch.gathered }) };
}

function checkNames(
  where: string,
  batch: Batch,
  names: readonly BatchNames[],
  mode: 'training' | 'evaluation',
): void {
  const known = knownNames(names);
  const quoted = (list: readonly string[]) => list.map((name) => `"${name}"`).join(', ');
  const unknown = Object.keys(batch).filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw new SessionError(
      where,
      `expected tensors among ${[...known].join(', ')}, got ${quoted(unknown)} — leave out what the objective does not declare`,
    );
  const needed = new Set(names.flatMap((each) => each[mode]));
  const missing = [...needed].filter((name) => !Object.hasOwn(batch, name));
  if (missing.length > 0)
    throw new SessionError(
      where,
      `expected the tensors ${[...needed].join(', ')}, got none named ${quoted(missing)} — feed what the ${segmentsNamed(names)} reads`,
    );
}

const segmentsNamed = (names: readonly BatchNames[]): string =>
  names.length > 2 ? 'model' : names.map(({ segment }) => segment).join(' and the ');
