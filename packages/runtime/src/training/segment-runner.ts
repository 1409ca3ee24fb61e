import type { TensorInfo } from '../drivers/driver.js';
import { SessionError } from '../error.js';
import type { Tensor } from '../tensor.js';
import type { BoundModel } from './bound-model.js';
import type { ComputeOptions } from './compute.js';
import { type Accumulation, lowerForward, lowerTraining } from './lower.js';
import type { Segment } from './plan.js';
import { narrowPrecision } from './precision.js';
import type { Residence } from './residence.js';

type Feeds = Readonly<Record<string, Tensor>>;

/** One segment of a plan on a state; each of its models is opened when it is first needed. */
export interface SegmentRunner {
  /** What a batch feeds in training. */
  inputs(): Promise<readonly TensorInfo[]>;
  /** The boundary tensors, as in training. */
  forward(feeds: Feeds): Promise<Record<string, Tensor>>;
  /** Gradients into the state's buffers; the loss or the boundary gradients as results. */
  backward(feeds: Feeds, accumulation: Accumulation): Promise<Record<string, Tensor>>;
  evaluate(feeds: Feeds): Promise<Record<string, Tensor>>;
  dispose(): void;
}

export function openSegment(segment: Segment, residence: Residence, compute: ComputeOptions): SegmentRunner {
  const opened = new Map<string, Promise<BoundModel>>();
  const narrow = narrowPrecision(compute);
  let disposed = false;
  const open = (kind: string, model: () => Uint8Array, accumulation?: Accumulation): Promise<BoundModel> => {
    if (disposed)
      throw new SessionError(
        `segment "${segment.name}"`,
        'expected a live segment, got one that was disposed — create the training session again',
      );
    const known = opened.get(kind) ?? residence.openModel(model(), accumulation);
    opened.set(kind, known);
    return known;
  };
  const training = (accumulation: Accumulation) =>
    open(
      accumulation,
      () => lowerTraining(segment.trainingModel, accumulation, compute.provider, narrow),
      accumulation,
    );
  const run = async (model: Promise<BoundModel>, feeds: Feeds): Promise<Record<string, Tensor>> =>
    (await model).run(feeds);
  return {
    inputs: async () => (await training('overwrite')).inputs,
    forward: (feeds) =>
      run(
        open('forward', () => lowerForward(forwardModel(segment), compute.provider, narrow)),
        feeds,
      ),
    backward: (feeds, accumulation) => run(training(accumulation), feeds),
    evaluate: (feeds) =>
      run(
        open('eval', () => lowerForward(segment.evalModel, compute.provider, narrow)),
        feeds,
      ),
    dispose() {
      disposed = true;
      for (const model of opened.values())
        void model.then(
          (bound) => bound.dispose(),
          () => {},
        );
    },
  };
}

function forwardModel({ name, forwardModel: model }: Segment): Uint8Array {
  if (!model)
    throw new SessionError(
      `segment "${name}"`,
      'expected a forward model, got none — only segments before the last have one',
    );
  return model;
}
