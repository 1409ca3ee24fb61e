import type { TensorInfo } from '../drivers/driver.js';
import { SessionError } from '../error.js';
import { type Tensor, zeros } from '../tensor.js';
import type { BoundModel, OpenModel, Place } from './bound-model.js';
import type { ComputeOptions } from './compute.js';
import { type Accumulation, lowerForward, lowerTraining, tableParameters } from './lower.js';
import { boundaryGradient } from './objective.js';
import type { Segment } from './plan.js';
import { narrowPrecision } from './precision.js';
import type { Residence } from './residence.js';
import { trainedBy } from './segment-inputs.js';
import { namingOf } from './segment-names.js';
import { tensorPool } from './tensor-pool.js';

type Feeds = Readonly<Record<string, Tensor>>;

/** One segment of a plan on a state; each of its models is opened when it is first needed, for all segments that share it. */
export interface SegmentRunner {
  /** Boundary tensors that it takes, and those that it yields. */
  readonly takes: readonly string[];
  readonly yields: readonly string[];
  /** Whether it has a backward pass. */
  readonly trains: boolean;
  /** What a batch feeds in training. */
  inputs(): Promise<readonly TensorInfo[]>;
  /** The boundary tensors, as in training. */
  forward(feeds: Feeds): Promise<Record<string, Tensor>>;
  /** Gradients into the state's buffers; the loss or the boundary gradients as results. `isFinal`: nothing is added to them before the update. */
  backward(feeds: Feeds, accumulation: Accumulation, isFinal?: boolean): Promise<Record<string, Tensor>>;
  evaluate(feeds: Feeds): Promise<Record<string, Tensor>>;
  /** Takes part in a pass of other ranks, with nothing to compute. */
  idle?(pass: 'forward' | 'backward' | 'evaluate', isFinal?: boolean): Promise<void>;
  /** Takes the memory of a boundary tensor or of its gradient back; it must not be used any more. */
  release(tensor: Tensor): void;
  dispose(): void;
}

export interface OpenedSegments {
  readonly runners: readonly SegmentRunner[];
  /**
   * Parameters whose gradients are added to the buffers even where others are overwritten, so that these begin with zeros: those of several
   * segments, and tables.
   */
  readonly added: ReadonlySet<string>;
}

/** `tableParameters`, each model decoded once. */
function tableFinder(): (model: Uint8Array) => readonly string[] {
  const found = new Map<Uint8Array, readonly string[]>();
  return (model) => {
    const tables = found.get(model) ?? tableParameters(model);
    found.set(model, tables);
    return tables;
  };
}

/** The segments of a plan, one session per model and mode. */
export function openSegments(
  segments: readonly Segment[],
  residence: Residence,
  compute: ComputeOptions,
): OpenedSegments {
  const opened = new Map<Uint8Array, Map<string, Promise<OpenModel>>>();
  const lists = segments.map(trainedBy);
  const tablesOf = tableFinder();
  const all = lists.flatMap((list) => [...list.values()]);
  const added = new Set(all.filter((name, i) => all.indexOf(name) < i));
  // Elsewhere gradients are copied between memories or given as new tensors.
  if (compute.provider === 'cpu')
    for (const [i, { trainingModel }] of segments.entries())
      if (trainingModel) for (const name of tablesOf(trainingModel)) added.add(lists[i]!.get(name)!);
  const narrow = narrowPrecision(compute);
  const pool = tensorPool();
  const boundary = new Set(
    segments.flatMap(({ yields }) => yields.flatMap((name) => [name, boundaryGradient(name)])),
  );
  const place: Place = (name, dtype, shape) =>
    boundary.has(name) ? pool.take(dtype, shape) : zeros(dtype, shape);
  const alone = segments.length === 1;
  let disposed = false;

  const runners = segments.map((segment, i): SegmentRunner => {
    const naming = namingOf(segment);
    const bound = new Map<string, Promise<BoundModel>>();
    /** `mode` names what is done to the model's bytes before it is opened. */
    const open = (
      mode: string,
      bytes: Uint8Array | undefined,
      lowered: (model: Uint8Array) => Uint8Array,
    ) => {
      if (disposed)
        throw new SessionError(
          `segment "${segment.name}"`,
          'expected a live segment, got one that was disposed — create the training session again',
        );
      if (!bytes)
        throw new SessionError(`segment "${segment.name}"`, `expected a model for ${mode}, got none`);
      const known = bound.get(mode);
      if (known) return known;
      const models = opened.get(bytes) ?? new Map<string, Promise<OpenModel>>();
      opened.set(bytes, models);
      const model = models.get(mode) ?? residence.openModel(lowered(bytes));
      models.set(mode, model);
      const own = model.then((session) => session.bind(naming, alone));
      bound.set(mode, own);
      return own;
    };
    /** Under the model's names. */
    const addedHere = new Set([...lists[i]!].filter(([, name]) => added.has(name)).map(([own]) => own));
    const training = (accumulation: Accumulation) =>
      open([accumulation, ...addedHere].join(' '), segment.trainingModel, (model) =>
        lowerTraining(model, accumulation, compute.provider, narrow, addedHere),
      );
    const forward = () =>
      open('forward', segment.forwardModel, (model) => lowerForward(model, compute.provider, narrow));
    const evaluation = () =>
      open('eval', segment.evalModel, (model) => lowerForward(model, compute.provider, narrow));
    const run = async (model: Promise<BoundModel>, feeds: Feeds) => (await model).run(feeds, place);
    return {
      takes: segment.takes,
      yields: segment.yields,
      trains: segment.trainingModel !== undefined,
      inputs: async () => (await (segment.trainingModel ? training('overwrite') : forward())).inputs,
      forward: async (feeds) => run(forward(), feeds),
      backward: async (feeds, accumulation) => run(training(accumulation), feeds),
      evaluate: async (feeds) => run(evaluation(), feeds),
      release: (tensor) => pool.give(tensor),
      dispose() {
        disposed = true;
        for (const models of opened.values())
          for (const model of models.values())
            void model.then(
              (session) => session.dispose(),
              () => {},
            );
        opened.clear();
      },
    };
  });
  return { runners, added };
}
