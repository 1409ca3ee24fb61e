/** A query with a passage that answers it and passages that do not; all are texts. */
export interface InBatchExample {
  readonly query: string;
  readonly positive: string;
  readonly negatives: readonly string[];
}

/** Which candidates a query is compared with. */
export interface InBatchCandidateOptions {
  /** How many examples at the end only fill a rank's batch: their texts are candidates of their own queries alone. */
  readonly repeated?: number;
  /**
   * Whether the positives of other queries are negatives too. Where it is left out they are for queries without
   * negatives of their own (pairs) and are not for queries with some (triplets), as in the originals.
   */
  readonly othersPositives?: boolean;
  /** Compare a query with its own passages alone. @default false */
  readonly ownAlone?: boolean;
  /** Keep candidates that equal a positive of the query, which the originals push away. @default false */
  readonly compat?: boolean;
}

/** The candidates of a batch: each example's positive and then its negatives, one example after the other. */
export interface InBatchCandidates {
  readonly texts: readonly string[];
  /** [queries]: the column of the query's own positive. */
  readonly target: readonly number[];
  /** [queries × candidates], row-major: 1 where the query is compared with the candidate; its target always is. */
  readonly mask: Float32Array<ArrayBuffer>;
}

/**
 * What `inBatchSoftmax` is fed for a batch of texts: own positive and all negatives of the batch, positives of others by
 * `othersPositives`. A text that is a positive of the same query anywhere in the batch is no negative of it.
 */
export function inBatchCandidates(
  examples: readonly InBatchExample[],
  { repeated = 0, othersPositives, ownAlone = false, compat = false }: InBatchCandidateOptions = {},
): InBatchCandidates {
  const counted = examples.length - repeated;
  const target: number[] = [];
  const texts = examples.flatMap(({ positive, negatives }) => [positive, ...negatives]);
  const positivesOf = new Map<string, Set<string>>();
  const columnsOf = new Map<string, number[]>();
  for (const [column, text] of texts.entries()) {
    const columns = columnsOf.get(text);
    if (columns) columns.push(column);
    else columnsOf.set(text, [column]);
  }
  const [everything, negativesAlone] = [new Float32Array(texts.length), new Float32Array(texts.length)];
  let start = 0;
  for (const [row, { query, positive, negatives }] of examples.entries()) {
    target.push(start);
    positivesOf.set(query, (positivesOf.get(query) ?? new Set()).add(positive));
    const end = start + 1 + negatives.length;
    if (row < counted) {
      everything.fill(1, start, end);
      negativesAlone.fill(1, start + 1, end);
    }
    start = end;
  }
  const mask = new Float32Array(examples.length * texts.length);
  for (const [row, { query, negatives }] of examples.entries()) {
    const candidates = mask.subarray(row * texts.length, (row + 1) * texts.length);
    const own = target[row]!;
    if (!ownAlone) candidates.set((othersPositives ?? negatives.length === 0) ? everything : negativesAlone);
    candidates.fill(1, own, own + 1 + negatives.length);
    if (!compat)
      for (const text of positivesOf.get(query)!)
        for (const column of columnsOf.get(text)!) candidates[column] = 0;
    candidates[own] = 1;
  }
  return { texts, target, mask };
}

/** What `inBatchDistillation` is fed beside that: each query's own passages, and the candidates that are not its own. */
export interface InBatchGroups {
  /** The most passages that an example has. */
  readonly size: number;
  /** [queries × size], row-major: columns, 0 for filler. */
  readonly index: readonly number[];
  /** [queries × size]: 1 for a passage that the query is compared with. */
  readonly mask: Float32Array<ArrayBuffer>;
  /** [queries × size]: the examples' scores. */
  readonly scores: Float32Array<ArrayBuffer>;
}

/** The own passages of each query among `inBatchCandidates` of the same examples, with a teacher's scores of them. */
export function inBatchGroups(
  examples: readonly (InBatchExample & { readonly scores?: readonly number[] })[],
  { texts, target, mask }: InBatchCandidates,
): InBatchGroups {
  const size = Math.max(...examples.map(({ negatives }) => 1 + negatives.length));
  const index = new Array<number>(examples.length * size).fill(0);
  const own = new Float32Array(index.length);
  const scores = new Float32Array(index.length);
  for (const [row, { negatives, scores: given }] of examples.entries()) {
    const passages = 1 + negatives.length;
    if (given?.length !== passages)
      throw new RangeError(
        `inBatchGroups: expected ${passages} scores for the passages of example ${row}, got ${given?.length ?? 'none'} — make examples with their scores`,
      );
    for (let i = 0; i < passages; i++) {
      const column = target[row]! + i;
      index[row * size + i] = column;
      own[row * size + i] = mask[row * texts.length + column]!;
      scores[row * size + i] = given[i]!;
    }
  }
  return { size, index, mask: own, scores };
}
