import {
  add,
  div,
  GraphError,
  greater,
  mul,
  reduceSum,
  scope,
  stopGradient,
  sub,
  unsqueeze,
  type Value,
  where,
} from '@rag/onnx';
import { crossEntropy, logProbabilities, probabilities } from './groups.js';
import {
  type InBatchDistillationInputs,
  type InBatchDistillationOptions,
  inBatchDistillation,
} from './in-batch-distillation.js';
import { type InBatchInputs, inBatchSoftmax } from './in-batch-softmax.js';
import { expectFits, expectPositive, type Loss } from './loss.js';

/** What a model with three kinds of vectors learns from: `inBatchSoftmax`'s inputs, the scores of each kind, a teacher's or none. */
export interface UnifiedInputs
  extends Omit<InBatchInputs, 'scores'>,
    Partial<Omit<InBatchDistillationInputs, keyof InBatchInputs>> {
  /** [queries, candidates]: inner products of text vectors. */
  readonly dense: Value;
  /** [queries, candidates]: inner products of term weights. */
  readonly sparse: Value;
  /** [queries, candidates]: late interaction, divided by the query's length. */
  readonly colbert: Value;
  /** A scalar, 1 where the scores together teach each kind of them, 0 where they do not (yet). Never without it. */
  readonly self_distill?: Value;
}

/** With a `kind`, `inBatchDistillation` over a teacher's scores; without one, `inBatchSoftmax`. */
export interface UnifiedOptions extends InBatchDistillationOptions {}

/** What sparse scores count among the three, and what their own loss does. */
const SPARSE = { score: 0.3, loss: 0.1 };

/**
 * M3-Embedding's unified fine-tuning: dense, sparse and multi-vector scores of one encoder, each learned by itself and all together.
 *
 * Formula: with e = dense + 0.3·sparse + colbert and ℓ the in-batch loss of one kind of scores,
 * L = (ℓ(dense) + ℓ(e) + 0.1·ℓ(sparse) + ℓ(colbert)) / 4; with self-distillation
 * (L + (d(dense) + 0.1·d(sparse) + d(colbert)) / 3) / 2, d(z) = −Σ_c p_c·log softmax(z)_c over the candidates of the query,
 * p = softmax(e), through which no gradient flows. All scores are divided by the temperature first.
 * Inputs: dense, sparse, colbert [queries, candidates]; target, mask, row_weight of `inBatchSoftmax`; self_distill, a scalar; with
 * `kind`, what `inBatchDistillation` reads of a teacher.
 * Weight: rows, that is queries (Σ row_weight).
 * Reference: Chen et al. 2024 (https://arxiv.org/abs/2402.03216), section 3.3, as FlagEmbedding weighs it
 * (finetune/embedder/encoder_only/m3/modeling.py).
 * Neighbours: `inBatchSoftmax` and `inBatchDistillation`, of which it is made.
 * Degenerate: as theirs.
 * Throws `GraphError` where types do not fit or the temperature is not above 0.
 */
export function unifiedLoss(inputs: UnifiedInputs, options: UnifiedOptions = {}): Loss {
  const { dense, sparse, colbert, self_distill, ...rest } = inputs;
  const temperature = expectPositive('unifiedLoss', 'temperature', options.temperature ?? 0.02);
  for (const [name, scores] of [
    ['sparse', sparse],
    ['colbert', colbert],
  ] as const)
    expectFits('unifiedLoss', name, scores, dense);
  const { group_index, group_mask, teacher_scores } = rest;
  const isTaught = group_index && group_mask && teacher_scores;
  if (options.kind !== undefined && !isTaught)
    throw new GraphError(
      'unifiedLoss',
      `expected what a teacher says for ${options.kind}, got none — feed group_index, group_mask and teacher_scores`,
    );
  return scope('unifiedLoss', () => {
    const lossOf = (scores: Value): Loss =>
      options.kind !== undefined && isTaught
        ? inBatchDistillation(
            { ...rest, scores, group_index, group_mask, teacher_scores },
            { temperature, kind: options.kind },
          )
        : inBatchSoftmax({ ...rest, scores }, { temperature });
    const ensemble = add(add(dense, mul(sparse, SPARSE.score)), colbert);
    const { sum: together, weight } = lossOf(ensemble);
    const weigh = (of: (scores: Value) => Value): Value =>
      add(add(of(dense), mul(of(sparse), SPARSE.loss)), of(colbert));
    const labelled = div(
      add(
        weigh((scores) => lossOf(scores).sum),
        together,
      ),
      4,
    );
    if (!self_distill) return { sum: labelled, weight };
    const { mask, row_weight } = rest;
    const counted = greater(mask, 0);
    const rows = row_weight && unsqueeze(greater(row_weight, 0), [1]);
    const candidates = rows ? greater(where(rows, mask, 0), 0) : counted;
    const scaled = (scores: Value): Value => mul(where(candidates, scores, 0), 1 / temperature);
    const teacher = stopGradient(probabilities(scaled(ensemble), candidates));
    const taught = (scores: Value): Value => {
      const losses = crossEntropy(teacher, logProbabilities(scaled(scores), candidates));
      return reduceSum(row_weight ? mul(losses, row_weight) : losses);
    };
    const selfTaught = div(weigh(taught), 3);
    // (L + S) / 2 where it has begun, L before.
    return { sum: add(labelled, mul(div(sub(selfTaught, labelled), 2), self_distill)), weight };
  });
}
