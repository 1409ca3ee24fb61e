import {
  type InBatchDistillationOptions,
  inBatchDistillation,
  inBatchSoftmax,
  klDivergence,
  type Loss,
} from '@rag/losses';
import { input, mul, type Value } from '@rag/onnx';
import { crossScores, listScores } from './late-interaction.js';

/** What stands behind the vectors: what it is fed besides, scores and a loss over them. */
export interface Head {
  readonly inputs: Readonly<Record<string, Value>>;
  readonly scores: Value;
  readonly loss: Loss;
}

/** How in-batch scores become a loss. */
export interface InBatchHeadOptions {
  readonly temperature: number;
  /** Beside a teacher's scores of each query's own passages. */
  readonly distill?: InBatchDistillationOptions['kind'];
}

/** What `collateContrastive` feeds for late interaction of every query with every candidate. */
export const crossInputs = () => ({
  query_index: input('query_index', 'int64', ['query_tokens']),
  query_weight: input('query_weight', 'float32', ['queries', 'query_tokens']),
  candidate_index: input('candidate_index', 'int64', ['candidates', 'candidate_tokens']),
});

/** And for a loss over such scores. */
export const candidateInputs = () => ({
  target: input('target', 'int64', ['queries']),
  mask: input('mask', 'float32', ['queries', 'candidates']),
  row_weight: input('row_weight', 'float32', ['queries']),
});

/** And, of examples with scores, what a teacher says of each query's own passages. */
export const teacherInputs = () => ({
  group_index: input('group_index', 'int64', ['queries', 'size']),
  group_mask: input('group_mask', 'float32', ['queries', 'size']),
  teacher_scores: input('teacher_scores', 'float32', ['queries', 'size']),
});

/** Every query against the candidates of the batch, by their token vectors [tokens, dim]. */
export function inBatchHead(vectors: Value, { temperature, distill }: InBatchHeadOptions): Head {
  const [cross, candidates] = [crossInputs(), candidateInputs()];
  const scores = crossScores(vectors, cross);
  const inputs = { ...cross, ...candidates };
  if (distill === undefined)
    return { inputs, scores, loss: inBatchSoftmax({ scores, ...candidates }, { temperature }) };
  const teacher = teacherInputs();
  return {
    inputs: { ...inputs, ...teacher },
    scores,
    loss: inBatchDistillation({ scores, ...candidates, ...teacher }, { temperature, kind: distill }),
  };
}

/** Every query's own list against a teacher's scores of it, by their token vectors [tokens, dim]. */
export function scoredHead(vectors: Value, temperature: number): Head {
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
