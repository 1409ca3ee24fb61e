import type { InBatchDistillationOptions } from '@rag/losses';
import {
  architectures,
  type Dropout,
  type EncoderConfig,
  type EncoderInputs,
  layerCuts,
  noDropout,
  type ParameterOptions,
  parameterRoot,
  trainingDropout,
} from '@rag/models';
import { leavesOf, type Value } from '@rag/onnx';
import type { Objective } from '@rag/runtime';
import { colbertInputs, projectedBy, unitVectors } from '../colbert-graph.js';
import type { ColbertSettings } from '../colbert-settings.js';
import { type Head, inBatchHead, scoredHead } from './heads.js';
import { type UnifiedVectors, unifiedHead, unifiedVectors } from './unified-head.js';

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
      /**
       * Dense, sparse and late-interaction vectors together (`unifiedLoss`), fed by `collateContrastive` with `unified`: for models of
       * RAG-Retrieval's layout, which BGE-M3 has.
       */
      readonly kind: 'unified';
      readonly temperature?: number;
      readonly distill?: InBatchDistillationOptions['kind'];
      /** Whether the scores together teach each kind of them, where the batch says so. */
      readonly selfDistill?: boolean;
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
      const root = parameterRoot(rows ? undefined : parameters?.(dropout, inputs));
      const hidden = rows ?? architectures[config.model_type].encode(root, config, inputs, dropout).hidden;
      const unified = loss.kind === 'unified' ? unifiedVectors(root, settings, hidden, inputs) : undefined;
      const token_vectors =
        unified?.token_vectors ??
        unitVectors(file?.isProjected ? hidden : projectedBy(root, settings, hidden), inputs);
      const { first_token, ...read } = inputs;
      const head = headOf(loss, token_vectors, unified);
      return {
        // Of first tokens there are vectors in unified fine-tuning alone.
        inputs: [
          ...Object.values(unified ? inputs : read),
          ...own,
          ...Object.values(head.inputs),
          ...dropout.inputs,
        ],
        ...head.loss,
        outputs: { scores: head.scores },
        cuts: [
          ...(layerSplit ? layerCuts([token_vectors], config.num_hidden_layers) : []),
          ...(gradCache ? [{ token_vectors, ...unified }] : []),
        ],
        ...(gradCache && { chunkCut: 'token_vectors' }),
      };
    },
  };
}

function headOf(loss: ColbertLoss, vectors: Value, unified: UnifiedVectors | undefined): Head {
  const { temperature = TEMPERATURE } = loss;
  if (loss.kind === 'scored') return scoredHead(vectors, temperature);
  return loss.kind === 'unified'
    ? unifiedHead(unified!, { ...loss, temperature })
    : inBatchHead(vectors, { ...loss, temperature });
}

const inputsOf = (value: Value, known: readonly Value[]): Value[] =>
  leavesOf([value]).filter((leaf) => leaf.source.kind === 'input' && !known.includes(leaf));
