import { type EmbeddingHead, embeddingDimension } from '../embedding-head.js';

type Width = Parameters<typeof embeddingDimension>[0];

/**
 * The head that Matryoshka training ends with: a final Normalize goes, and a Dense of the largest of `dims` is appended
 * unless the head has one already (RAG-Retrieval's `use_mrl`).
 * @throws RangeError for no dims, or for one that is wider than the Dense that is there
 */
export function mrlHead(config: Width, head: EmbeddingHead, dims: readonly number[]): EmbeddingHead {
  const wrong = dims.find((dim) => !Number.isSafeInteger(dim) || dim < 1);
  if (dims.length === 0 || wrong !== undefined)
    throw new RangeError(
      `mrl_dims: expected whole numbers ≥ 1, got ${wrong ?? 'none'} — give the widths that vectors shall be cut to`,
    );
  const widest = Math.max(...dims);
  if (head.dense.length === 0) return withDense(config, head, widest);
  const width = embeddingDimension(config, head);
  if (widest > width)
    throw new RangeError(
      `mrl_dims: expected at most ${width} (the out_features of ${head.dense.at(-1)!.name}), got ${dims.filter((dim) => dim > width).join(', ')} — leave out what is wider`,
    );
  return { ...head, normalize: false };
}

/** The head of a student: a final Normalize goes, and a Dense of the teacher's width is always appended. */
export function distillHead(config: Width, head: EmbeddingHead, teacherWidth: number): EmbeddingHead {
  if (!Number.isSafeInteger(teacherWidth) || teacherWidth < 1)
    throw new RangeError(
      `teacher width: expected a whole number ≥ 1, got ${teacherWidth} — give the number of elements of a teacher's vector`,
    );
  return withDense(config, head, teacherWidth);
}

function withDense(config: Width, head: EmbeddingHead, out: number): EmbeddingHead {
  // Modules are numbered: the encoder is 0, pooling 1, a Dense 2 and on.
  const taken = new Set(head.dense.map(({ name }) => name));
  let number = 2 + head.dense.length;
  while (taken.has(`${number}_Dense`)) number++;
  const dense = {
    name: `${number}_Dense`,
    in: embeddingDimension(config, head),
    out,
    bias: true,
    activation: 'identity',
  } as const;
  return { ...head, dense: [...head.dense, dense], normalize: false };
}
