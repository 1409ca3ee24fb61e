import { decodeModel, evaluateDim, type Graph, nameOf, type Value } from '@rag/onnx';
import { elementCount } from '../artifacts/checkpoint.js';
import { dtypes } from '../tensor.js';
import { type Batch, isChunked, type TrainingBatch } from './batch.js';
import type { ComputeOptions } from './compute.js';
import type { PlannedParameter } from './initial-state.js';
import { liveBytes } from './live-bytes.js';
import { type Accumulation, lowerForward, lowerTraining, tableParameters } from './lower.js';
import type { Plan, Segment } from './plan.js';
import { narrowPrecision } from './precision.js';
import { type Naming, namingOf } from './segment-names.js';
import { zeroStage } from './sharding.js';
import { stateBytes } from './state-bytes.js';

/** Bytes that training takes beside the process itself, by kind. */
export interface MemoryPlan {
  /** float32 parameters that are trained, on one of several ranks its shares of them; exact, as the four that follow. */
  readonly parameters: number;
  readonly gradients: number;
  /** AdamW's m and v. */
  readonly moments: number;
  /** Parameters and gradients that lie in shares on several ranks and are whole for a pass; absent where nothing is shared so. */
  readonly lent?: number;
  /** float32 parameters that are not trained. */
  readonly frozen: number;
  /** Frozen parameters that are read where they lie, e.g. in a mapped file. */
  readonly resident: number;
  /** What is held between segments: boundary tensors, and the gradients that arrive and leave. */
  readonly boundaries: number;
  /** Intermediate values, the most of each session's run: ONNX Runtime keeps that memory for the next. */
  readonly activations: number;
  /** What ONNX Runtime's arenas take besides, as measured: pieces between values that fit no other. */
  readonly arenas: number;
  readonly total: number;
}

/** Gradients that lie in shares are computed anew by every pass and added up there. */
const sharesGradients = ({ collective, sharding = 'none' }: ComputeOptions): boolean =>
  (collective?.size ?? 1) > 1 && zeroStage(sharding) >= 2;

/** Of an arena's bytes beyond the most that is live at once, see bench/llm-memory.ts. */
const ARENA_SHARE = 0.28;

/**
 * What training on batches of this shape will hold, before a session is made. Give the largest batch.
 * @param accumulates whether an update gathers more than one batch, whose gradients are then added by graphs of their own
 */
export function planMemory(
  plan: Pick<Plan, 'segments' | 'initial' | 'chunkedSegments'>,
  batch: TrainingBatch,
  compute: ComputeOptions,
  { accumulates = false }: { readonly accumulates?: boolean } = {},
): MemoryPlan {
  const { frozen, resident } = plan.initial;
  const adds = accumulates && !sharesGradients(compute);
  const { boundaries, activations } = heldBySegments(plan, batch, compute, adds);
  const parts = {
    ...stateBytes(plan, compute),
    frozen: bytesOf(frozen),
    resident: bytesOf(resident),
    boundaries,
    activations,
    arenas: Math.round(ARENA_SHARE * activations),
  };
  return { ...parts, total: Object.values(parts).reduce((a, b) => a + b, 0) };
}

const bytesOf = (parameters: readonly PlannedParameter[]): number =>
  parameters.reduce((sum, { dtype, shape }) => sum + elementCount(shape) * dtypes[dtype].bytes, 0);

type Shapes = ReadonlyMap<string, readonly number[]>;

interface Held {
  readonly boundaries: number;
  readonly activations: number;
}

function heldBySegments(
  { segments, chunkedSegments = 0 }: Pick<Plan, 'segments' | 'chunkedSegments'>,
  batch: TrainingBatch,
  compute: ComputeOptions,
  accumulates: boolean,
): Held {
  const runs = sessionBytes(compute, accumulates || (isChunked(batch) && !sharesGradients(compute)));
  if (!isChunked(batch)) {
    const shapes = boundaryShapes(segments, shapesOf(batch));
    runs.add(segments, shapes);
    return { boundaries: boundaryBytes(segments, shapes), activations: runs.total() };
  }
  const [encoder, head] = [segments.slice(0, chunkedSegments), segments.slice(chunkedSegments)];
  const chunks = [...batch.chunks].map((chunk) => boundaryShapes(encoder, shapesOf(chunk)));
  for (const shapes of chunks) runs.add(encoder, shapes);
  const joined = shapesOf(batch.head);
  for (const name of new Set(head.flatMap(({ takes }) => takes))) {
    const rows = chunks.map((shapes) => shapes.get(name)).filter((shape) => shape !== undefined);
    if (rows[0]) joined.set(name, [rows.reduce((sum, [count]) => sum + count!, 0), ...rows[0].slice(1)]);
  }
  const shapes = boundaryShapes(head, joined);
  runs.add(head, shapes);
  const ofChunk = Math.max(...chunks.map((each) => boundaryBytes(encoder, each)));
  // The vectors of all chunks and their gradients, beside what one chunk holds.
  const cut = segments[chunkedSegments - 1]!.yields.reduce(
    (sum, name) => sum + 2 * float32Bytes(shapes.get(name)),
    0,
  );
  return { boundaries: boundaryBytes(head, shapes) + ofChunk + cut, activations: runs.total() };
}

const shapesOf = (batch: Batch): Map<string, readonly number[]> =>
  new Map(Object.entries(batch).map(([name, { shape }]) => [name, shape]));

const float32Bytes = (shape: readonly number[] | undefined): number => (shape ? 4 * elementCount(shape) : 0);

/** The shapes of the batch and of every boundary tensor. */
function boundaryShapes(segments: readonly Segment[], fed: Shapes): Map<string, readonly number[]> {
  const shapes = new Map(fed);
  for (const segment of segments) {
    if (!segment.forwardModel) continue;
    const naming = namingOf(segment);
    const { inputs, outputs } = graphOf(segment.forwardModel);
    const symbols = symbolsOf(inputs, naming, shapes);
    for (const [name, value] of Object.entries(outputs))
      shapes.set(
        naming(name),
        value.shape.map((dim) => evaluateDim(dim, symbols)),
      );
  }
  return shapes;
}

/** Every boundary tensor, and a gradient that arrives while one leaves. */
function boundaryBytes(segments: readonly Segment[], shapes: Shapes): number {
  const sizes = segments.flatMap(({ yields }) => yields.map((name) => float32Bytes(shapes.get(name))));
  return sizes.reduce((a, b) => a + b, 0) + Math.max(0, ...sizes);
}

/** The most that each session of training holds in a run; segments of one kind share theirs. */
function sessionBytes(compute: ComputeOptions, adds: boolean) {
  const most = new Map<string, number>();
  const known = new Map<string, number>();
  const narrow = narrowPrecision(compute);
  const numbers = new Map<Uint8Array, number>();
  const lowered = new Map<string, Graph>();
  return {
    add(segments: readonly Segment[], shapes: Shapes): void {
      for (const segment of segments)
        for (const [model, mode] of modelsOf(segment, adds)) {
          const number = numbers.get(model) ?? numbers.size;
          numbers.set(model, number);
          const key = `${number} ${mode}`;
          const graph =
            lowered.get(key) ??
            decodeModel(
              mode === 'forward'
                ? lowerForward(model, compute.provider, narrow)
                : lowerTraining(model, mode, compute.provider, narrow, new Set(tableParameters(model))),
            ).graph;
          lowered.set(key, graph);
          const symbols = symbolsOf(graph.inputs, namingOf(segment), shapes);
          const run = `${key} ${JSON.stringify(symbols)}`;
          const bytes = known.get(run) ?? liveBytes(graph, symbols);
          known.set(run, bytes);
          most.set(key, Math.max(most.get(key) ?? 0, bytes));
        }
    },
    total: () => [...most.values()].reduce((a, b) => a + b, 0),
  };
}

function modelsOf(segment: Segment, adds: boolean): [Uint8Array, 'forward' | Accumulation][] {
  const { forwardModel, trainingModel } = segment;
  return [
    ...(forwardModel ? [[forwardModel, 'forward'] as [Uint8Array, 'forward']] : []),
    ...(trainingModel
      ? (adds ? (['overwrite', 'add'] as const) : (['overwrite'] as const)).map(
          (mode): [Uint8Array, Accumulation] => [trainingModel, mode],
        )
      : []),
  ];
}

const graphs = new WeakMap<Uint8Array, Graph>();
function graphOf(model: Uint8Array): Graph {
  const graph = graphs.get(model) ?? decodeModel(model).graph;
  graphs.set(model, graph);
  return graph;
}

/** The symbolic sizes of a model, from the shapes of what it is fed. */
function symbolsOf(inputs: readonly Value[], naming: Naming, shapes: Shapes): Record<string, number> {
  const symbols: Record<string, number> = {};
  for (const value of inputs) {
    const shape = shapes.get(naming(nameOf(value)).replace(/\.gradient$/, ''));
    for (const [axis, dim] of value.shape.entries())
      if (typeof dim === 'string' && shape?.[axis] !== undefined) symbols[dim] = shape[axis];
  }
  return symbols;
}

const MIB = 2 ** 20;

/** The plan as lines of a kind and its MiB, the total last. */
export function memoryPlanText({ total, ...parts }: MemoryPlan): string {
  const line = (kind: string, bytes: number) =>
    `${kind.padEnd(12)} ${(bytes / MIB).toFixed(0).padStart(8)} MiB`;
  const named = Object.entries(parts).filter(([, bytes]) => bytes > 0);
  return [...named, ['total', total] as const].map(([kind, bytes]) => line(kind, bytes)).join('\n');
}
