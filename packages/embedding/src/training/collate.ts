import type { ContrastiveExample, ScoredExample, TextExample } from '@rag/data';
import { type InBatchCandidateOptions, inBatchCandidates, inBatchGroups } from '@rag/losses';
import type { DropoutDraw } from '@rag/models';
import {
  type Batch,
  type ChunkedBatch,
  partOfRank,
  type RankOf,
  ranksOfRows,
  rowsOf,
  Tensor,
  type TrainingBatch,
} from '@rag/runtime';
import type { TextTokenizer } from '../text-encoder.js';
import { textChunks } from './text-chunks.js';

/** What a training session is fed, and how much work it is. */
export interface CollatedBatch {
  readonly batch: TrainingBatch;
  /** Tokens that come from texts; the graph also sees a little filler. */
  readonly realTokens: number;
  /** Texts: queries and passages. */
  readonly sequences: number;
}

/** Examples of a batch with their numbers in the data set; `repeated` ones count nothing. */
export interface Examples<E> {
  readonly examples: readonly E[];
  readonly indices: ArrayLike<number>;
  /** How many at the end are there only to fill the batch of a rank. */
  readonly repeated?: number;
}

interface StepOptions {
  /** `packed` (default) computes no padding; `padded` computes every cell, with the same vectors. */
  readonly mode?: 'packed' | 'padded';
  /** Left out in evaluation. */
  readonly dropout?: DropoutDraw;
  /**
   * For an objective with `gradCache`: the texts are encoded in chunks of like length, each of at most so many tokens
   * (texts × longest; a longer text is a chunk of its own). Without it they are one batch.
   */
  readonly chunkTokens?: number;
  /** And of at most so many texts. */
  readonly chunkTexts?: number;
  /**
   * For an objective with `gradCache`: the examples are those of all ranks, the same on each, of which this one encodes its part; the loss
   * is over the vectors of all.
   */
  readonly gather?: RankOf;
}

/** Queries and passages with their own longest lengths; prompts stand in the texts already. */
export interface CollateOptions extends StepOptions {
  readonly queryEncoder: TextTokenizer;
  readonly passageEncoder: TextTokenizer;
}

export interface CollateContrastiveOptions
  extends CollateOptions,
    Omit<InBatchCandidateOptions, 'repeated'> {}

export interface CollateTextsOptions extends StepOptions {
  readonly encoder: TextTokenizer;
  /** The teacher's vectors of the examples, in their order: [examples × width]. */
  readonly teacher: { readonly data: Float32Array; readonly width: number };
}

/** An example's texts are rows of the data for dropout, whatever the other examples of the batch: this many per example. */
const ROWS_PER_EXAMPLE = 1024;

interface Text {
  readonly text: string;
  readonly encoder: TextTokenizer;
  /** Its place in the data, for dropout. */
  readonly row: number;
  readonly example: number;
}

/**
 * Queries with a positive and negatives: `query_index` and `target` int64 [queries], `candidate_index` int64
 * [candidates], `mask` [queries, candidates] and `row_weight` [queries]. The indices are rows of the vectors, the
 * target is a column of the candidates. Of examples with scores also `group_index` int64, `group_mask` and `teacher_scores`
 * [queries, size].
 */
export function collateContrastive(
  { examples, indices, repeated = 0 }: Examples<ContrastiveExample>,
  options: CollateContrastiveOptions,
): CollatedBatch {
  const { queryEncoder, passageEncoder } = options;
  const candidates = inBatchCandidates(examples, { ...options, repeated });
  const { texts, target, mask } = candidates;
  const groups = examples.some(({ scores }) => scores) ? inBatchGroups(examples, candidates) : undefined;
  const queries = examples.map(({ query }, i) => ({
    text: query,
    encoder: queryEncoder,
    row: indices[i]! * ROWS_PER_EXAMPLE,
    example: i,
  }));
  const passages = examples.flatMap(({ positive, negatives }, i) =>
    [positive, ...negatives].map((text, slot) => ({
      text,
      encoder: passageEncoder,
      row: indices[i]! * ROWS_PER_EXAMPLE + 1 + slot,
      example: i,
    })),
  );
  const part = options.gather && partOfRank(examples.length, options.gather);
  const head = (places: readonly number[]) => ({
    query_index: int64(places.slice(0, queries.length)),
    candidate_index: int64(places.slice(queries.length)),
    target: int64(target),
    mask: new Tensor('float32', [queries.length, texts.length], mask),
    row_weight: weights(examples.length, repeated),
    ...(groups && {
      group_index: new Tensor(
        'int64',
        [queries.length, groups.size],
        BigInt64Array.from(groups.index, BigInt),
      ),
      group_mask: new Tensor('float32', [queries.length, groups.size], groups.mask),
      teacher_scores: new Tensor('float32', [queries.length, groups.size], groups.scores),
    }),
  });
  return collate(
    [...queries, ...passages],
    options,
    (places) => (part ? ownQueries(head(places), part) : head(places)),
    'own head',
  );
}

/** What a rank's queries read of a head, or nothing where it has none. */
function ownQueries({ candidate_index, ...ofQueries }: Batch, [from, to]: readonly [number, number]): Batch {
  if (from === to) return {};
  const rows = Object.entries(ofQueries).map(([name, all]) => [name, rowsOf(all, from, to)] as const);
  return { candidate_index: candidate_index!, ...Object.fromEntries(rows) };
}

/**
 * Queries with passages and a score of each: `query_index` int64 [groups]; `content_index` int64, `teacher_scores` and
 * `mask` are [groups, size], size being that of the longest list.
 */
export function collateScored(
  { examples, indices, repeated = 0 }: Examples<ScoredExample>,
  options: CollateOptions,
): CollatedBatch {
  const { queryEncoder, passageEncoder } = options;
  const size = Math.max(...examples.map(({ contents }) => contents.length));
  const shape = [examples.length, size];
  const teacher = new Float32Array(examples.length * size);
  const mask = new Float32Array(examples.length * size);
  const texts: Text[] = [];
  const queries: number[] = [];
  const cells = new Map<number, number>();
  for (const [g, { query, contents, scores }] of examples.entries()) {
    const row = indices[g]! * ROWS_PER_EXAMPLE;
    queries.push(texts.length);
    texts.push({ text: query, encoder: queryEncoder, row, example: g });
    for (const [i, text] of contents.entries()) {
      const cell = g * size + i;
      cells.set(cell, texts.length);
      texts.push({ text, encoder: passageEncoder, row: row + 1 + i, example: g });
      teacher[cell] = scores[i]!;
      mask[cell] = g < examples.length - repeated ? 1 : 0;
    }
  }
  return collate(texts, options, (places) => {
    const index = new BigInt64Array(examples.length * size);
    for (const [cell, text] of cells) index[cell] = BigInt(places[text]!);
    return {
      query_index: int64(queries.map((text) => places[text]!)),
      content_index: new Tensor('int64', shape, index),
      teacher_scores: new Tensor('float32', shape, teacher),
      mask: new Tensor('float32', shape, mask),
    };
  });
}

/**
 * Texts with a teacher's vectors: `text_index` int64 [rows], `teacher` [rows, width], `row_weight` [rows].
 * @throws RangeError for teacher vectors of another number
 */
export function collateTexts(
  { examples, indices, repeated = 0 }: Examples<TextExample>,
  options: CollateTextsOptions,
): CollatedBatch {
  const { encoder, teacher } = options;
  if (teacher.data.length !== examples.length * teacher.width)
    throw new RangeError(
      `collateTexts: expected teacher vectors [${examples.length}, ${teacher.width}], got ${teacher.data.length} numbers — read those of the batch's rows`,
    );
  const texts = examples.map(({ text }, i) => ({
    ...{ text, encoder, example: i },
    row: indices[i]! * ROWS_PER_EXAMPLE,
  }));
  return collate(texts, options, (places) => ({
    text_index: int64(places),
    teacher: new Tensor('float32', [examples.length, teacher.width], teacher.data),
    row_weight: weights(examples.length, repeated),
  }));
}

const int64 = (values: readonly number[]): Tensor =>
  new Tensor('int64', [values.length], BigInt64Array.from(values, BigInt));

const weights = (count: number, repeated: number): Tensor =>
  new Tensor(
    'float32',
    [count],
    Float32Array.from({ length: count }, (_, i) => (i < count - repeated ? 1 : 0)),
  );

function collate(
  texts: readonly Text[],
  options: StepOptions,
  headOf: (places: readonly number[]) => Batch,
  head: ChunkedBatch['gathered'] & string = 'same head',
): CollatedBatch {
  const { gather, ...how } = options;
  const encoded = texts.map(({ text, encoder }) => encoder.encode(text));
  const owners = gather ? ranksOfRows((texts.at(-1)?.example ?? -1) + 1, gather.ranks) : [];
  const chunks = textChunks(
    encoded,
    texts.map(({ row }) => row),
    {
      ...how,
      padId: texts[0]?.encoder.padId ?? 0,
      maxLength: texts.reduce((most, { encoder }) => Math.max(most, encoder.maxLength), 0),
      ...(gather && { gather: { ...gather, head, owners: texts.map(({ example }) => owners[example]!) } }),
    },
  );
  return {
    batch: chunks.with(headOf(chunks.places)),
    realTokens: chunks.own.reduce((sum, i) => sum + encoded[i]!.input_ids.length, 0),
    sequences: chunks.own.length,
  };
}
