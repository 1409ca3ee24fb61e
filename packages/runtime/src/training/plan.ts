import { decodeCheckpoint } from '../artifacts/decode-checkpoint.js';
import { encodeCheckpoint } from '../artifacts/encode-checkpoint.js';
import { ArtifactError } from '../artifacts/error.js';
import type { TrainingArtifacts } from '../artifacts/names.js';
import { checkpointOf, type InitialState, initialStateOf } from './initial-state.js';
import { checkOneGroup, decodeOptimizer } from './optimizer-model.js';

/** One part of a training step that runs as a whole. Segments of the same structure share the bytes of their models. */
export interface Segment {
  readonly name: string;
  /**
   * Backward: gradients of the loss, or of Σ(v·v.gradient) over the boundary tensors that the segment yields. Absent where nothing that
   * is trained stands in the segment or before it.
   */
  readonly trainingModel?: Uint8Array;
  /** Forward without dropout. */
  readonly evalModel: Uint8Array;
  /** Forward as in training, to the boundary tensors; only segments before the last have one. */
  readonly forwardModel?: Uint8Array;
  /** Boundary tensors that it takes, and those that it yields, by the plan's names. */
  readonly takes: readonly string[];
  readonly yields: readonly string[];
  /**
   * Where the models were made for another segment: their name of each parameter, batch input and boundary tensor → this segment's.
   * Gradients are named after these.
   */
  readonly names?: Readonly<Record<string, string>>;
}

/** A compiled objective. A plan of one segment is ONNX Runtime's four training artifacts: see `artifactsOf`. */
export interface Plan {
  /** In forward order. */
  readonly segments: readonly Segment[];
  /** How many segments stand before the cut at which a batch may come in chunks. */
  readonly chunkedSegments?: number;
  readonly optimizerModel: Uint8Array;
  readonly initial: InitialState;
}

/** Multiplies the loss: 1 for our session, which divides at the update; 1/weight where another runtime takes the gradient as it is. */
export const lossScale = 'loss_scale';

/** The four files of a one-segment plan, with all initial values; throws ArtifactError where the plan has more. */
export function artifactsOf({ segments, optimizerModel, initial }: Plan): TrainingArtifacts {
  const [only, ...more] = segments;
  if (!only?.trainingModel || more.length > 0)
    throw new ArtifactError(
      'plan',
      `expected one segment, got ${segments.length} — compile the objective without cuts`,
    );
  const checkpoint = encodeCheckpoint(checkpointOf(initial));
  return { trainingModel: only.trainingModel, evalModel: only.evalModel, optimizerModel, checkpoint };
}

/**
 * The four files for ONNX Runtime's own training runtime, whose optimizer has one parameter group at rate 1.
 * @throws ArtifactError where the plan has more segments or groups, or another rate
 */
export function genuineArtifacts(plan: Plan): TrainingArtifacts {
  const artifacts = artifactsOf(plan);
  const names = plan.initial.trainable.map(({ name }) => name);
  checkOneGroup(decodeOptimizer(artifacts.optimizerModel, names));
  return artifacts;
}

/** A one-segment plan of four files, e.g. those of a directory. */
export function planOf({ trainingModel, evalModel, optimizerModel, checkpoint }: TrainingArtifacts): Plan {
  return {
    segments: [{ name: 'whole', trainingModel, evalModel, takes: [], yields: [] }],
    optimizerModel,
    initial: initialStateOf(decodeCheckpoint(checkpoint)),
  };
}
