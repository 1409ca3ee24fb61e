import { unifiedLoss } from '@rag/losses';
import { module, type ParameterPath, type ParameterSpec, parameterRoot, parametersOf } from '@rag/models';
import {
  linear as affine,
  gather,
  input,
  l2Normalize,
  matmul,
  relu,
  trace,
  transpose,
  type Value,
} from '@rag/onnx';
import { type ColbertInputs, projectedBy, unitVectors } from '../colbert-graph.js';
import type { ColbertSettings } from '../colbert-settings.js';
import { candidateInputs, crossInputs, type Head, type InBatchHeadOptions, teacherInputs } from './heads.js';
import { crossScores } from './late-interaction.js';
import { sparseScores } from './sparse-terms.js';

/** The parameters of the weights of terms: `sparse_linear.weight` [1, hidden] and `sparse_linear.bias` [1], as BGE-M3 names them. */
export const SPARSE_LINEAR = 'sparse_linear';

/** The three kinds of vectors of a packed batch: what a plan is cut at. */
export interface UnifiedVectors {
  /** [tokens, dim], of L2 norm 1; masked rows are zero. */
  readonly token_vectors: Value;
  /** [tokens, 1], from 0 on. */
  readonly token_weights: Value;
  /** [texts, hidden], of L2 norm 1: the encoder's vectors of first tokens. */
  readonly text_vectors: Value;
}

/** Late-interaction, sparse and dense vectors of one run of the encoder, `hidden` [tokens, hidden]. */
export function unifiedVectors(
  root: ParameterPath,
  settings: ColbertSettings,
  hidden: Value,
  inputs: ColbertInputs,
): UnifiedVectors {
  return {
    token_vectors: unitVectors(projectedBy(root, settings, hidden), inputs),
    token_weights: relu(termWeights(root, hidden)),
    text_vectors: l2Normalize(gather(hidden, inputs.first_token)),
  };
}

const termWeights = (root: ParameterPath, hidden: Value): Value =>
  module(root, SPARSE_LINEAR, (path) =>
    affine(hidden, path.get('weight', [1, hidden.shape[1] as number]), path.get('bias', [1])),
  );

/** The parameters that a model has beside its projection. */
export const sparseParameters = (hidden: number): ParameterSpec[] =>
  parametersOf(
    trace({ hidden: { dtype: 'float32', shape: ['tokens', hidden] } }, (inputs) => ({
      weights: termWeights(parameterRoot(), inputs.hidden),
    })),
  );

/** M3's loss: how the three kinds of scores are learned. */
export interface UnifiedHeadOptions extends InBatchHeadOptions {
  /** Whether the scores together teach each kind of them, where the batch's `self_distill` is 1. */
  readonly selfDistill?: boolean;
}

/**
 * Scores of three kinds of every query with every candidate and the loss over them, fed by `collateContrastive` with `unified`; `scores` are
 * those of late interaction.
 */
export function unifiedHead(
  { token_vectors, token_weights, text_vectors }: UnifiedVectors,
  { temperature, distill, selfDistill = false }: UnifiedHeadOptions,
): Head {
  const [cross, candidates] = [crossInputs(), candidateInputs()];
  const terms = {
    term_rows: input('term_rows', 'int64', ['cells', 'occurrences']),
    query_terms: input('query_terms', 'int64', ['queries', 'terms']),
    candidate_terms: input('candidate_terms', 'int64', ['candidates', 'terms']),
  };
  const texts = {
    query_text: input('query_text', 'int64', ['queries']),
    candidate_text: input('candidate_text', 'int64', ['candidates']),
  };
  const learned = {
    ...candidates,
    ...(distill !== undefined && teacherInputs()),
    ...(selfDistill && { self_distill: input('self_distill', 'float32', []) }),
  };
  const [queries, passages] = [texts.query_text, texts.candidate_text].map((rows) =>
    gather(text_vectors, rows),
  );
  const dense = matmul(queries!, transpose(passages!));
  const sparse = sparseScores(token_weights, terms);
  const colbert = crossScores(token_vectors, cross);
  return {
    inputs: { ...cross, ...terms, ...texts, ...learned },
    scores: colbert,
    loss: unifiedLoss(
      { dense, sparse, colbert, ...learned },
      { temperature, ...(distill !== undefined && { kind: distill }) },
    ),
  };
}
