import {
  type InBatchDistillationOptions,
  inBatchDistillation,
  inBatchSoftmax,
  klDivergence,
  type Loss,
} from '@rag/losses';
import {
  type Dropout,
  type EncoderConfig,
  type EncoderInputs,
  layerCuts,
  noDropout,
  type ParameterOptions,
  parameterRoot,
  trainingDropout,
} from '@rag/models';
import { input, leavesOf, mul, type Value } from '@rag/onnx';
import type { Objective } from '@rag/runtime';
import { colbertInputs, projectedBy, tokenVectors, unitVectors } from '../colbert-graph.js';
import type { ColbertSettings } from '../colbert-settings.js';
import { crossScores, listScores } from './late-interaction.js';

/** What a ColBERT model learns from. Scores are divided by the temperature, 0.02 unless given. */
export type ColbertLoss =
  | {
      /** Each query's positive against the other candidates of the batch (`inBatchSoftmax`). */
      readonly kind: 'in-batch';
      readonly temperature?: number;
      /** Beside a teacher's scores of each query's own passages, which the examples have then (`inBatchDistillation`). */
      readonly distill?: InBatchDistillationOptions['kind'];
    }
  | {
      /** KL with a teacher's scores of each query's own list, both divided by the temperature (`klDivergence`). */
      readonly kind: 'scored';
      readonly temperature?: number;
    };

export interface ColbertObjectiveOptions {
  readonly config: EncoderConfig;
  readonly settings: ColbertSettings;
  readonly loss: ColbertLoss;
  /**
   * Cuts the plan at `token_vectors` [tokens, dim], so that a batch may come in chunks (GradCache,
   * https://arxiv.org/abs/2101.06983). @default false
   */
  readonly gradCache?: boolean;
  /** Cuts the plan between the encoder's layers too, whose activations are then held one layer at a time. @default false */
  readonly layerSplit?: boolean;
  /** What stands beside the parameters, or how they are stored, in each tracing: LoRA, frozen weights in fewer bits. */
  readonly parameters?: (dropout: Dropout, inputs: EncoderInputs) => ParameterOptions;
  /**
   * Token vectors of a packed batch by another graph than the architecture's, an ONNX file's for one, without dropout: the encoder's
   * [tokens, hidden], or, with `isProjected`, those of a graph with the projection within it, [tokens, dim]. Inputs of its own are fed with
   * the batch too.
   */
  readonly file?: { rows(inputs: EncoderInputs): Value; readonly isProjected: boolean };
}

/** The originals' temperature for scores that are divided by the query's length. */
const TEMPERATURE = 0.02;

/**
 * The loss of a ColBERT model, fed by `collateContrastive` (in-batch) or `collateScored` (scored); its output `scores` is
 * [queries, candidates] or [queries, size]. Queries and passages go through the encoder in one run. Dropout is as
 * config.json asks, in training only.
 */
export function colbertObjective(options: ColbertObjectiveOptions): Objective {
  const { config, settings, loss, gradCache = false, layerSplit = false, file, parameters } = options;
  return {
    build(mode) {
      const inputs = colbertInputs();
      const dropout: Dropout = mode === 'train' ? trainingDropout() : noDropout;
      const rows = file?.rows(inputs);
      const own = rows ? inputsOf(rows, Object.values(inputs)) : [];
      const vectors = rows
        ? unitVectors(file!.isProjected ? rows : projectedBy(parameterRoot(), settings, rows), inputs)
        : tokenVectors(config, settings, inputs, dropout, parameterRoot(parameters?.(dropout, inputs)));
      // Nothing is pooled here.
      const { first_token, ...read } = inputs;
      const head = loss.kind === 'in-batch' ? inBatch(vectors, loss) : scored(vectors, loss);
      return {
        inputs: [...Object.values(read), ...own, ...Object.values(head.inputs), ...dropout.inputs],
        ...head.loss,
        outputs: { scores: head.scores },
        cuts: [
          ...(layerSplit ? layerCuts([vectors], config.num_hidden_layers) : []),
          ...(gradCache ? [{ token_vectors: vectors }] : []),
        ],
        ...(gradCache && { chunkCut: 'token_vectors' }),
      };
    },
  };
}

const inputsOf = (value: Value, known: readonly Value[]): Value[] =>
  leavesOf([value]).filter((leaf) => leaf.source.kind === 'input' && !known.includes(leaf));

interface Head {
  readonly inputs: Readonly<Record<string, Value>>;
  readonly scores: Value;
  readonly loss: Loss;
}

type LossOf<Kind> = Extract<ColbertLoss, { readonly kind: Kind }>;

function inBatch(vectors: Value, { temperature = TEMPERATURE, distill }: LossOf<'in-batch'>): Head {
  const inputs = {
    query_index: input('query_index', 'int64', ['query_tokens']),
    query_weight: input('query_weight', 'float32', ['queries', 'query_tokens']),
    candidate_index: input('candidate_index', 'int64', ['candidates', 'candidate_tokens']),
    target: input('target', 'int64', ['queries']),
    mask: input('mask', 'float32', ['queries', 'candidates']),
    row_weight: input('row_weight', 'float32', ['queries']),
  };
  const scores = crossScores(vectors, inputs);
  if (distill === undefined)
    return { inputs, scores, loss: inBatchSoftmax({ scores, ...inputs }, { temperature }) };
  const taught = { ...inputs, ...teacherInputs() };
  return {
    inputs: taught,
    scores,
    loss: inBatchDistillation({ scores, ...taught }, { temperature, kind: distill }),
  };
}

/** What a teacher says of each query's own passages, as `collateContrastive` feeds it. */
const teacherInputs = () => ({
  group_index: input('group_index', 'int64', ['queries', 'size']),
  group_mask: input('group_mask', 'float32', ['queries', 'size']),
  teacher_scores: input('teacher_scores', 'float32', ['queries', 'size']),
});

function scored(vectors: Value, { temperature = TEMPERATURE }: LossOf<'scored'>): Head {
  const inputs = {
    query_index: input('query_index', 'int64', ['queries', 'query_tokens']),
    query_weight: input('query_weight', 'float32', ['queries', 'query_tokens']),
    candidate_index: input('candidate_index', 'int64', ['queries', 'size', 'candidate_tokens']),
    mask: input('mask', 'float32', ['queries', 'size']),
    teacher_scores: input('teacher_scores', 'float32', ['queries', 'size']),
  };
  const { mask, teacher_scores } = inputs;
  const scores = listScores(vectors, inputs);
  // As an embedding model's: the gradient is not multiplied by the square of the temperature, as `klDivergence` would.
  const scaled = {
    logits: mul(scores, 1 / temperature),
    teacher_scores: mul(teacher_scores, 1 / temperature),
  };
  return { inputs, scores, loss: klDivergence({ ...scaled, mask }) };
}
