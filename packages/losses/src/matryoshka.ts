import { add, div, GraphError, scope, slice, type Value } from '@rag/onnx';
import { unitVectors } from './cosine-similarities.js';
import { expectFloats, type Loss } from './loss.js';

export interface MatryoshkaOptions {
  /** Divides what is cut by its L2 norm. @default true */
  readonly normalize?: boolean;
}

/**
 * Matryoshka representation learning: a loss over vectors at several widths, so that their first dimensions can be used
 * alone.
 *
 * Formula: mean over d of loss(v[:, :d] / ‖v[:, :d]‖₂ for every matrix v); without `normalize`, loss(v[:, :d])
 * Inputs: widths d (a list without repeats, in any order), vectors [rows, width] of one width and any rows, and a loss
 * of such matrices; zero vectors stay zero and take no gradient.
 * Weight: that of the loss.
 * Reference: Kusupati et al. 2022 (https://arxiv.org/abs/2205.13147); RAG-Retrieval's `mrl_dims`; sentence-transformers'
 * MatryoshkaLoss with equal weights.
 * Neighbours: `distillation` has its own `mrlDims`, since its first term keeps the full width.
 * Degenerate: no widths mean the full width (the original's distillation: NaN).
 * Throws `GraphError` for a width that is not a whole number from 1 to the vectors' width, or stands there twice.
 */
export function matryoshka(
  dims: readonly number[],
  vectors: readonly Value[],
  loss: (vectors: readonly Value[]) => Loss,
  { normalize = true }: MatryoshkaOptions = {},
): Loss {
  const widths = matryoshkaWidths('matryoshka', dims, vectors);
  return scope('matryoshka', () => {
    const scaled = (v: Value): Value => (normalize ? unitVectors(v) : v);
    const losses = widths.map((width) => loss(vectors.map((v) => scaled(firstDimensions(v, width)))));
    const mean = (of: (loss: Loss) => Value) =>
      div(
        losses.map(of).reduce((a, b) => add(a, b)),
        losses.length,
      );
    return losses.length === 1
      ? losses[0]!
      : { sum: mean(({ sum }) => sum), weight: mean(({ weight }) => weight) };
  });
}

/** The first `width` columns of v [rows, dim]. */
export const firstDimensions = (v: Value, width: number): Value =>
  width === v.shape[1] ? v : slice(v, [0], [width], [1]);

/** The widths to train, the vectors' own where none are given; throws `GraphError` for one that they do not have. */
export function matryoshkaWidths(
  loss: string,
  dims: readonly number[],
  vectors: readonly Value[],
): readonly number[] {
  for (const v of vectors) expectFloats(loss, 'vectors', v, ['rows', 'width']);
  const width = vectors[0]?.shape[1];
  if (typeof width !== 'number' || vectors.some((v) => v.shape[1] !== width))
    throw new GraphError(
      loss,
      `expected vectors of one width that is known when the graph is built, got ${vectors.map((v) => v.shape[1]).join(', ') || 'none'} — give vectors [rows, width] of one layer`,
    );
  if (dims.length === 0) return [width];
  const wrong = dims.find(
    (dim, at) => !Number.isInteger(dim) || dim < 1 || dim > width || dims.indexOf(dim) !== at,
  );
  if (wrong !== undefined)
    throw new GraphError(
      loss,
      `expected distinct widths from 1 to ${width}, got ${wrong} in ${dims.join(', ')} — leave it out or widen the last layer`,
    );
  return dims;
}
