import type { ContrastiveExample, ScoredExample } from '@rag/data';
import { type InBatchCandidateOptions, inBatchCandidates, inBatchGroups } from '@rag/losses';
import { partOfRank, type RankOf, ranksOfRows, rowsOf, Tensor, type TrainingBatch } from '@rag/runtime';
import { sizeLadder } from '@rag/text';
import type { TokenSequence } from '../text-encoder.js';
import { type PackedTexts, type PackOptions, type PlacedSequence, packTexts } from './packed-texts.js';
import { type PlacedTokens, sparseTerms } from './sparse-terms.js';
import { passageRows, queryRows, type TokenRows } from './token-rows.js';

/** The tensors of a batch, and how much work it is. */
export interface CollatedBatch {
  readonly batch: TrainingBatch;
  /** Tokens that come from texts; the graph also sees a little filler. */
  readonly realTokens: number;
  readonly sequences: number;
}

export interface CollateOptions extends Omit<PackOptions, 'gather'> {
  /**
   * For an objective with `gradCache`: the examples are those of all ranks, the same on each, of which this one encodes its part; the loss
   * is over the vectors of all.
   */
  readonly gather?: RankOf;
  /**
   * Score as the original does, which pads every text to its full length: a zero vector takes part in the maximum of each
   * padded passage, and the divisor counts masked tokens. Known positives may be negatives then. @default false
   */
  readonly compat?: boolean;
}

export interface ContrastiveCollateOptions
  extends CollateOptions,
    Omit<InBatchCandidateOptions, 'repeated' | 'compat'> {
  /** Feeds what dense and sparse scores need too, for a `unified` loss. */
  readonly unified?: UnifiedCollateOptions;
}

export interface UnifiedCollateOptions {
  /** Ids that are no terms: special tokens. */
  readonly ignored: ReadonlySet<number | undefined>;
  /** For an objective with `selfDistill`: whether the scores together teach each kind of them yet. */
  readonly selfDistill?: boolean;
}

/** Examples of a batch with their numbers in the data set; `repeated` ones count nothing. */
export interface Examples<E> {
  readonly examples: readonly E[];
  readonly indices: ArrayLike<number>;
  /** How many at the end are there only to fill the batch of a rank. */
  readonly repeated?: number;
}

/** An example's texts are rows of the data for dropout, whatever the other examples of the batch: this many per example. */
const ROWS_PER_EXAMPLE = 1024;

/**
 * Queries with a positive and negatives against the candidates of the batch (`inBatchCandidates`): columns are each
 * example's positive and then its negatives. Examples with scores also give what `inBatchDistillation` reads.
 */
export function collateContrastive(
  { examples, indices, repeated = 0 }: Examples<ContrastiveExample>,
  options: ContrastiveCollateOptions,
): CollatedBatch {
  const candidates = inBatchCandidates(examples, { ...options, repeated });
  const { texts, target, mask } = candidates;
  const groups = examples.some(({ scores }) => scores) ? inBatchGroups(examples, candidates) : undefined;
  const passages = examples.flatMap(({ positive, negatives }, example) =>
    [positive, ...negatives].map((text, i) => ({ example, text, slot: 1 + i })),
  );
  const { unified } = options;
  const how = { ...options, pooled: unified !== undefined };
  const { packed, placed, queries, lists } = pack(examples, passages, indices, how, 'own head');
  const part = options.gather && partOfRank(examples.length, options.gather);
  if (part && part[0] === part[1]) return collated(packed, {});
  const ofQueries = {
    target: int64([examples.length], target),
    mask: new Tensor('float32', [examples.length, texts.length], mask),
    row_weight: new Tensor(
      'float32',
      [examples.length],
      Float32Array.from(examples, (_, i) => (i < examples.length - repeated ? 1 : 0)),
    ),
    ...(groups && {
      group_index: int64([examples.length, groups.size], groups.index),
      group_mask: new Tensor('float32', [examples.length, groups.size], groups.mask),
      teacher_scores: new Tensor('float32', [examples.length, groups.size], groups.scores),
    }),
  };
  return collated(packed, {
    ...(unified && unifiedFeeds(packed, placed, part ?? [0, examples.length], examples.length, unified)),
    ...crossQueries(part ? queries.slice(...part) : queries, packed.zeroRow),
    candidate_index: int64([texts.length, -1], filled(lists, packed.zeroRow)),
    ...Object.fromEntries(
      Object.entries(ofQueries).map(([name, all]) => [name, part ? rowsOf(all, ...part) : all]),
    ),
  });
}

/** Queries, each with its own list and a teacher's scores of it; `mask` and `teacher_scores` are [queries, size]. */
export function collateScored(
  { examples, indices, repeated = 0 }: Examples<ScoredExample>,
  options: CollateOptions,
): CollatedBatch {
  const size = Math.max(...examples.map(({ contents }) => contents.length));
  const passages = examples.flatMap(({ contents }, example) =>
    contents.map((text, i) => ({ example, text, slot: 1 + i })),
  );
  const { packed, queries, lists } = pack(examples, passages, indices, options, 'same head');
  const cells = Array.from<readonly number[]>({ length: examples.length * size }).fill([]);
  const mask = new Float32Array(cells.length);
  const teacher = new Float32Array(cells.length);
  for (const [i, { example, slot }] of passages.entries()) {
    const cell = example * size + slot - 1;
    cells[cell] = lists[i]!;
    mask[cell] = example < examples.length - repeated ? 1 : 0;
    teacher[cell] = examples[example]!.scores[slot - 1]!;
  }
  const rows = filled(
    queries.map(({ rows }) => rows),
    packed.zeroRow,
  );
  const width = rows.length / examples.length;
  const weights = queries.flatMap(({ rows: { length }, weight }) =>
    Array.from({ length: width }, (_, i) => (i < length ? weight : 0)),
  );
  return collated(packed, {
    query_index: int64([examples.length, -1], rows),
    query_weight: new Tensor('float32', [examples.length, width], Float32Array.from(weights)),
    candidate_index: int64([examples.length, size, -1], filled(cells, packed.zeroRow)),
    mask: new Tensor('float32', [examples.length, size], mask),
    teacher_scores: new Tensor('float32', [examples.length, size], teacher),
  });
}

interface Passage {
  readonly example: number;
  readonly text: string;
  /** Place among the texts of its example, behind the query. */
  readonly slot: number;
}

/** Packs the queries and then the passages; the rows of each. */
function pack(
  examples: readonly { readonly query: string }[],
  passages: readonly Passage[],
  indices: ArrayLike<number>,
  { gather, ...options }: CollateOptions,
  head: 'own head' | 'same head',
): {
  packed: PackedTexts;
  placed: readonly { readonly sequence: TokenSequence; readonly start: number }[];
  queries: TokenRows[];
  lists: (readonly number[])[];
} {
  const { encoder, compat = false } = options;
  const { divideByQueryLength: divide, document_length: length } = encoder.settings;
  const row = (example: number, slot: number) => indices[example]! * ROWS_PER_EXAMPLE + slot;
  const owners = gather && ranksOfRows(examples.length, gather.ranks);
  const texts: PlacedSequence[] = [
    ...examples.map(({ query }, i) => ({
      ...{ sequence: encoder.encodeQuery(query), row: row(i, 0) },
      ...(owners && { owner: owners[i]! }),
    })),
    ...passages.map(({ example, text, slot }) => ({
      ...{ sequence: encoder.encodePassage(text), row: row(example, slot) },
      ...(owners && { owner: owners[example]! }),
    })),
  ];
  const packed = packTexts(texts, { ...options, ...(gather && { gather: { ...gather, head } }) });
  const { first, zeroRow } = packed;
  const all = texts.map(({ sequence }, i) => ({ sequence, start: first[i]! }));
  return {
    packed,
    placed: all,
    queries: all
      .slice(0, examples.length)
      .map(({ sequence, start }) => queryRows(sequence, start, { divide, compat })),
    lists: all
      .slice(examples.length)
      .map(({ sequence, start }) => passageRows(sequence, start, { zeroRow, length, compat })),
  };
}

/** Rows of the texts' own vectors, and of their terms: of the queries of this rank and of all passages. */
function unifiedFeeds(
  { textRows }: PackedTexts,
  placed: readonly PlacedTokens[],
  part: readonly [number, number],
  queries: number,
  { ignored, selfDistill }: UnifiedCollateOptions,
): Record<string, Tensor> {
  return {
    query_text: int64([-1], textRows.slice(...part)),
    candidate_text: int64([-1], textRows.slice(queries)),
    ...sparseTerms(placed.slice(...part), placed.slice(queries), ignored),
    ...(selfDistill !== undefined && {
      self_distill: new Tensor('float32', [], Float32Array.of(selfDistill ? 1 : 0)),
    }),
  };
}

const collated = (packed: PackedTexts, head: Record<string, Tensor>): CollatedBatch => ({
  batch: packed.batch(head),
  realTokens: packed.realTokens,
  sequences: packed.sequences,
});

/** All queries' rows one behind the other, and which query each counts for; filler rows count for none. */
function crossQueries(queries: readonly TokenRows[], zeroRow: number): Record<string, Tensor> {
  const rows = queries.flatMap(({ rows }) => rows);
  const count = sizeLadder().tokens(rows.length);
  const weights = new Float32Array(queries.length * count);
  let at = 0;
  for (const [query, { rows: own, weight }] of queries.entries()) {
    weights.fill(weight, query * count + at, query * count + at + own.length);
    at += own.length;
  }
  const filler = new Array<number>(count - rows.length).fill(zeroRow);
  return {
    query_index: int64([count], [...rows, ...filler]),
    query_weight: new Tensor('float32', [queries.length, count], weights),
  };
}

/** Lists of rows made equally long, each with a row of its own; an empty one with the zero row. */
function filled(lists: readonly (readonly number[])[], zeroRow: number): number[] {
  const longest = lists.reduce((most, { length }) => Math.max(most, length), 1);
  const width = sizeLadder().seq(longest);
  return lists.flatMap((rows) => Array.from({ length: width }, (_, i) => rows[i] ?? rows[0] ?? zeroRow));
}

/** An int64 tensor; a size of −1 is what remains. */
function int64(shape: readonly number[], values: readonly number[]): Tensor {
  const known = shape.reduce((product, size) => product * Math.abs(size), 1);
  return new Tensor(
    'int64',
    shape.map((size) => (size === -1 ? values.length / known : size)),
    BigInt64Array.from(values, BigInt),
  );
}
