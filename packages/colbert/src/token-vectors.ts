/** The vectors of one text, row-major. */
export interface TokenVectors {
  /** [tokens, dim], each row of L2 norm 1; rows that were pooled are means, and with `compat` some are zero. */
  readonly data: Float32Array;
  readonly tokens: number;
  readonly dim: number;
}

/**
 * The same vectors, laid one after the other in one new array: a corpus in this form is scored without a copy.
 * @throws RangeError for vectors of different widths, or that do not have their `tokens` × `dim` elements
 */
export function packVectors(list: readonly TokenVectors[]): TokenVectors[] {
  checkVectors('vectors', list, list[0]?.dim ?? 1);
  const data = new Float32Array(list.reduce((sum, vectors) => sum + vectors.data.length, 0));
  let at = 0;
  return list.map((vectors) => {
    const place = data.subarray(at, at + vectors.data.length);
    place.set(vectors.data);
    at += vectors.data.length;
    return { ...vectors, data: place };
  });
}

/** The same vectors and a zero one: what padding is to RAG-Retrieval, which lets it take part in every maximum. */
export function withZeroVector({ data, tokens, dim }: TokenVectors): TokenVectors {
  const padded = new Float32Array(data.length + dim);
  padded.set(data);
  return { data: padded, tokens: tokens + 1, dim };
}

/** @throws RangeError naming the first that is not [tokens, dim] with at least one token */
export function checkVectors(where: string, list: readonly TokenVectors[], dim: number): void {
  for (const [i, vectors] of list.entries()) {
    const { data, tokens } = vectors;
    if (!Number.isSafeInteger(tokens) || tokens < 1)
      throw new RangeError(
        `${where}[${i}]: expected at least one vector, got ${tokens} — leave out texts whose tokens are all masked`,
      );
    if (vectors.dim !== dim || data.length !== tokens * dim)
      throw new RangeError(
        `${where}[${i}]: expected ${tokens} × ${dim} elements, got ${data.length} (dim ${vectors.dim}) — use vectors of one model`,
      );
  }
}
