import {
  angle,
  coSent,
  distillation,
  type InBatchDistillationOptions,
  inBatchDistillation,
  inBatchSoftmax,
  klDivergence,
  type Loss,
  marginMse,
  matryoshka,
  pairKlDivergence,
} from '@rag/losses';
import {
  type Dropout,
  type EncoderConfig,
  type EncoderInputs,
  encoderInputs,
  layerCuts,
  noDropout,
  type ParameterOptions,
  type ParameterSpec,
  parameterRoot,
  parametersOf,
  trainingDropout,
} from '@rag/models';
import {
  expandLike,
  gather,
  input,
  leavesOf,
  matmul,
  mul,
  reduceSum,
  reshape,
  transpose,
  unsqueeze,
  type Value,
} from '@rag/onnx';
import type { Objective } from '@rag/runtime';
import { embed, embeddingGraph, embedHidden } from '../embedding-graph.js';
import { type EmbeddingHead, embeddingDimension } from '../embedding-head.js';

interface Matryoshka {
  /** Widths at which the loss is taken of the vectors' first dimensions, their mean; the full width where left out. */
  readonly mrlDims?: readonly number[];
}

interface Similarities extends Matryoshka {
  /** Divides the similarities. */
  readonly temperature?: number;
  /** false: similarities are inner products of the vectors as they are. @default true */
  readonly normalize?: boolean;
}

/** A loss over the vectors of a batch; similarities are cosines unless it says otherwise. */
export type EmbeddingLoss =
  /**
   * Own positive against the candidates of the batch (`collateContrastive`); with `distill`, beside a teacher's scores of each query's own
   * passages, which the examples have then (`inBatchDistillation`).
   */
  | (Similarities & { readonly kind: 'in-batch'; readonly distill?: InBatchDistillationOptions['kind'] })
  /** KL with a teacher's scores per query (`collateScored`); `compat`: one softmax over the batch, as the original has it. */
  | (Similarities & { readonly kind: 'scored'; readonly compat?: boolean })
  /** The teacher's margins between the passages of a query (`collateScored`), on the scale of cosine / temperature (1). */
  | (Similarities & { readonly kind: 'margin-mse' })
  /** The order of the scores of all pairs of the batch (`collateScored`). */
  | (Matryoshka & { readonly kind: 'cosent' | 'angle'; readonly scale?: number })
  /** A teacher's vectors (`collateTexts`). */
  | (Matryoshka & { readonly kind: 'distill'; readonly teacherWidth: number });

export interface EmbeddingObjectiveOptions {
  readonly config: EncoderConfig;
  readonly head: EmbeddingHead;
  readonly loss: EmbeddingLoss;
  /** Cut at the vectors, for batches in chunks. */
  readonly gradCache?: boolean;
  /** What stands beside the encoder's parameters, or how they are stored, in each tracing: LoRA, frozen weights in fewer bits. */
  readonly parameters?: (dropout: Dropout, inputs: EncoderInputs) => ParameterOptions;
  /** Cut between the encoder's layers, whose activations are then held one layer at a time. @default false */
  readonly layerSplit?: boolean;
  /**
   * Token vectors [tokens, hidden] of a packed batch by another graph than the architecture's, an ONNX file's for one, without dropout. Inputs
   * of its own are fed with the batch too.
   */
  readonly hidden?: (inputs: EncoderInputs) => Value;
}

/** The original's temperature of its softmax losses. */
const TEMPERATURE = 0.02;

/**
 * The loss of an embedding model, fed by the collate function that its kind names. One run of the encoder serves queries
 * and passages; with `gradCache` the plan is cut at `vectors` [texts, dim], before any normalisation. Dropout is as
 * config.json asks, in training only. The parameters are those of `embeddingGraph`.
 * @throws RangeError for a head that does not pool its prompt, or of another width than the teacher
 */
export function embeddingObjective({
  config,
  head,
  loss,
  gradCache = false,
  layerSplit = false,
  parameters,
  hidden,
}: EmbeddingObjectiveOptions): Objective {
  if (head.includePrompt === false)
    throw new RangeError(
      'embeddingObjective: expected a head that pools the prompt too, got includePrompt false — train with include_prompt: true',
    );
  const width = embeddingDimension(config, head);
  if (loss.kind === 'distill' && width !== loss.teacherWidth)
    throw new RangeError(
      `embeddingObjective: expected vectors of the teacher's width ${loss.teacherWidth}, got ${width} — append distillHead()`,
    );
  return {
    build(mode) {
      const inputs = encoderInputs();
      const dropout: Dropout = mode === 'train' ? trainingDropout() : noDropout;
      const rows = hidden?.(inputs);
      const own = rows ? inputsOf(rows, Object.values(inputs)) : [];
      const root = parameterRoot(parameters?.(dropout, inputs));
      const mask = inputs.attention_mask;
      const vectors = rows
        ? embedHidden(root, rows, head, inputs, mask)
        : embed(config, head, inputs, dropout, mask, root);
      const targets = targetsOf(loss);
      return {
        inputs: [...Object.values(inputs), ...own, ...Object.values(targets), ...dropout.inputs],
        ...lossOf(loss, vectors, targets),
        cuts: [
          ...(layerSplit ? layerCuts([vectors], config.num_hidden_layers) : []),
          ...(gradCache ? [{ vectors }] : []),
        ],
        ...(gradCache && { chunkCut: 'vectors' }),
      };
    },
  };
}

/** The parameters of an embedding model: what a fresh one has to initialise. */
export const embeddingParameters = (config: EncoderConfig, head: EmbeddingHead): ParameterSpec[] =>
  parametersOf(embeddingGraph(config, head));

const inputsOf = (value: Value, known: readonly Value[]): Value[] =>
  leavesOf([value]).filter((leaf) => leaf.source.kind === 'input' && !known.includes(leaf));

type Targets = Readonly<Record<string, Value>>;

function targetsOf(loss: EmbeddingLoss): Targets {
  if (loss.kind === 'in-batch')
    return {
      query_index: input('query_index', 'int64', ['queries']),
      candidate_index: input('candidate_index', 'int64', ['candidates']),
      target: input('target', 'int64', ['queries']),
      mask: input('mask', 'float32', ['queries', 'candidates']),
      row_weight: input('row_weight', 'float32', ['queries']),
      ...(loss.distill !== undefined && teacherInputs()),
    };
  if (loss.kind === 'distill')
    return {
      text_index: input('text_index', 'int64', ['rows']),
      teacher: input('teacher', 'float32', ['rows', loss.teacherWidth]),
      row_weight: input('row_weight', 'float32', ['rows']),
    };
  const shape = ['groups', 'size'];
  return {
    query_index: input('query_index', 'int64', ['groups']),
    content_index: input('content_index', 'int64', shape),
    teacher_scores: input('teacher_scores', 'float32', shape),
    mask: input('mask', 'float32', shape),
  };
}

/** What a teacher says of each query's own passages, as `collateContrastive` feeds it. */
const teacherInputs = () => ({
  group_index: input('group_index', 'int64', ['queries', 'size']),
  group_mask: input('group_mask', 'float32', ['queries', 'size']),
  teacher_scores: input('teacher_scores', 'float32', ['queries', 'size']),
});

function lossOf(loss: EmbeddingLoss, vectors: Value, targets: Targets): Loss {
  const { mrlDims = [] } = loss;
  if (loss.kind === 'distill')
    return distillation(
      {
        student: gather(vectors, targets.text_index!),
        teacher: targets.teacher!,
        row_weight: targets.row_weight!,
      },
      { mrlDims },
    );
  return matryoshka(
    mrlDims,
    [vectors],
    ([unit]) => (loss.kind === 'in-batch' ? inBatch(loss, unit!, targets) : scored(loss, unit!, targets)),
    { normalize: !('normalize' in loss) || loss.normalize !== false },
  );
}

type LossOf<Kind> = Extract<EmbeddingLoss, { readonly kind: Kind }>;

function inBatch(
  { temperature = TEMPERATURE, distill }: LossOf<'in-batch'>,
  unit: Value,
  { query_index, candidate_index, target, mask, row_weight, ...teacher }: Targets,
): Loss {
  const scores = matmul(gather(unit, query_index!), transpose(gather(unit, candidate_index!)));
  const read = { scores, target: target!, mask: mask!, row_weight: row_weight! };
  if (distill === undefined) return inBatchSoftmax(read, { temperature });
  const { group_index, group_mask, teacher_scores } = teacher;
  return inBatchDistillation(
    {
      ...read,
      group_index: group_index!,
      group_mask: group_mask!,
      teacher_scores: teacher_scores!,
    },
    { temperature, kind: distill },
  );
}

/** Losses over the similarities [groups, size] of queries and their own passages. */
function scored(
  loss: LossOf<'scored' | 'margin-mse' | 'cosent' | 'angle'>,
  unit: Value,
  { query_index, content_index, teacher_scores, mask }: Targets,
): Loss {
  const queries = unsqueeze(gather(unit, query_index!), [1]);
  const contents = gather(unit, content_index!);
  const cosines = reduceSum(mul(queries, contents), [2]);
  const rows = { labels: reshape(teacher_scores!, [-1]), row_weight: reshape(mask!, [-1]) };
  switch (loss.kind) {
    case 'scored': {
      const { temperature = TEMPERATURE, compat = false } = loss;
      if (compat) return pairKlDivergence({ ...rows, scores: reshape(cosines, [-1]) }, { temperature });
      // Both at the original's temperature, whose gradient is not multiplied by its square as `klDivergence` would.
      return klDivergence({
        logits: mul(cosines, 1 / temperature),
        teacher_scores: mul(teacher_scores!, 1 / temperature),
        mask: mask!,
      });
    }
    case 'margin-mse':
      return marginMse({
        logits: mul(cosines, 1 / (loss.temperature ?? 1)),
        labels: teacher_scores!,
        teacher_scores: teacher_scores!,
        mask: mask!,
      });
    case 'cosent':
      return coSent({ ...rows, scores: reshape(cosines, [-1]) }, scaleOf(loss));
    case 'angle': {
      const width = unit.shape[1] as number;
      return angle(
        {
          ...rows,
          first: reshape(expandLike(queries, contents), [-1, width]),
          second: reshape(contents, [-1, width]),
        },
        scaleOf(loss),
      );
    }
  }
}

const scaleOf = ({ scale }: { readonly scale?: number }) => (scale === undefined ? {} : { scale });
