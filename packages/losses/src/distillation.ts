import {
  add,
  and,
  cast,
  concat,
  constant,
  div,
  GraphError,
  greater,
  less,
  matmul,
  mul,
  range,
  reduceSum,
  reshape,
  scope,
  shapeOf,
  slice,
  squeeze,
  sub,
  transpose,
  unsqueeze,
  type Value,
  where,
} from '@rag/onnx';
import { unitVectors } from './cosine-similarities.js';
import { expectFits, expectFloats, type Loss } from './loss.js';
import { firstDimensions, matryoshkaWidths } from './matryoshka.js';
import { pairwiseHinge } from './pairwise-hinge.js';

/** What distillation from vectors reads. */
export interface DistillationInputs {
  /** [rows, width], floating point, of any length. */
  readonly student: Value;
  /** [rows, width]: the teacher's vectors of the same texts, of any length. */
  readonly teacher: Value;
  /** [rows], above 0 for a text, 0 for filler; fractions count as 1. Every row is a text without it. */
  readonly row_weight?: Value;
}

export interface DistillationOptions {
  /** First dimensions of the student to compare similarities at, averaged over. Default: the full width. */
  readonly mrlDims?: readonly number[];
  /** Weights of the three terms; 0 leaves one out. Default 10, 200 and 20. */
  readonly weights?: { readonly cosine?: number; readonly similarity?: number; readonly triplet?: number };
  /** Margin of the triplet term. Default 0.015. */
  readonly margin?: number;
}

/**
 * Distillation of an embedding model from a teacher's vectors: the vectors themselves, their similarities, and the order
 * of these.
 *
 * Formula: 10·mean_i(1 − cos(s_i, t_i)) + mean over widths d of 200·mean_ij (S_ij − T_ij)² + 20·mean over pairs of
 * relu(0.015 − (S_hi − S_lo)); T = cosines of the teacher's vectors, S of the student's first d dimensions; a pair is any
 * two of the similarities above the diagonal, hi the one whose T is higher, among equals the later row by row.
 * Inputs: student s and teacher t [rows, width], row_weight [rows] optional. The student needs the teacher's width.
 * Weight: rows; the loss of the batch counts as often as it has rows.
 * Reference: Zhang et al. 2024, Jasper and Stella (https://arxiv.org/abs/2412.19048), stage 1; RAG-Retrieval's
 * `train_type: distill`. Its triplet term holds rows⁴/8 differences at once; `pairwiseHinge` counts them.
 * Neighbours: `klDivergence` and `marginMse` distil a teacher's scores of queries and passages; `matryoshka` truncates
 * for any loss.
 * Degenerate: no widths mean the full width, one row has no similarities and two have no pair, so the terms without
 * anything to average are 0 (the original: NaN); a zero vector has cosine 0 with everything and takes no gradient;
 * filler adds 0 to both.
 * More than 2,896 rows at once give NaN (float32 cannot count their pairs).
 * Throws `GraphError` where types do not fit, for a width that the vectors do not have, or a negative weight or margin.
 */
export function distillation(
  { student, teacher, row_weight }: DistillationInputs,
  { mrlDims = [], weights = {}, margin = 0.015 }: DistillationOptions = {},
): Loss {
  expectFloats('distillation', 'student', student, ['rows', 'width']);
  expectFits('distillation', 'teacher', teacher, student);
  const { dtype } = student;
  if (row_weight) expectFits('distillation', 'row_weight', row_weight, { dtype, shape: [student.shape[0]!] });
  const widths = matryoshkaWidths('distillation', mrlDims, [student]);
  const weigh = { cosine: 10, similarity: 200, triplet: 20, ...weights };
  for (const [option, value] of Object.entries({ ...weigh, margin }))
    if (!(value >= 0) || !Number.isFinite(value))
      throw new GraphError(
        'distillation',
        `expected ${option === 'margin' ? 'a margin' : `a weight of the term ${option}`} of 0 or more, got ${value} — 0 leaves it out`,
      );
  return scope('distillation', () => {
    const real = row_weight ? greater(row_weight, 0) : everyRow(student);
    const rows = reduceSum(cast(real, dtype));
    const some = where(greater(rows, 0), rows, 1);
    const realRow = unsqueeze(real, [1]);
    const [own, others] = [where(realRow, student, 0), unitVectors(where(realRow, teacher, 0))];
    const terms: Value[] = [];
    if (weigh.cosine > 0) {
      const cosines = reduceSum(mul(unitVectors(own), others), [1]);
      terms.push(mul(div(reduceSum(where(real, sub(1, cosines), 0)), some), weigh.cosine));
    }
    const similarities = similaritiesAt(own, widths);
    const target = matmul(others, transpose(others));
    if (weigh.similarity > 0) {
      // Filler is 0 on both sides.
      const error = sub(similarities, unsqueeze(target, [0]));
      const scale = div(weigh.similarity / widths.length, mul(some, some));
      terms.push(mul(reduceSum(mul(error, error)), scale));
    }
    if (weigh.triplet > 0) {
      const above = less(unsqueeze(positions(student), [1]), unsqueeze(positions(student), [0]));
      const chosen = reshape(and(above, and(realRow, unsqueeze(real, [0]))), [-1]);
      const scores = reshape(similarities, [widths.length, -1]);
      const hinges = pairwiseHinge({ scores, teacher: reshape(target, [-1]), chosen }, margin);
      terms.push(mul(reduceSum(hinges), weigh.triplet / widths.length));
    }
    const loss = terms.length === 0 ? constant(0, dtype) : terms.reduce((a, b) => add(a, b));
    return { sum: mul(loss, rows), weight: rows };
  });
}

/** 0, 1, … of the rows, int64 [rows]. */
const positions = (x: Value): Value => range(squeeze(slice(shapeOf(x), [0], [1], [0]), [0]));

const everyRow = (x: Value): Value => greater(add(positions(x), 1), 0);

/** Cosines of the rows by their first dimensions, for each width: [rows, width] to [widths, rows, rows]. */
function similaritiesAt(vectors: Value, widths: readonly number[]): Value {
  const each = widths.map((width) => {
    const unit = unitVectors(firstDimensions(vectors, width));
    return unsqueeze(matmul(unit, transpose(unit)), [0]);
  });
  return concat(each, 0);
}
