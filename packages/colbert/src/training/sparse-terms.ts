import { concat, constant, gather, matmul, reduceMax, reshape, transpose, type Value } from '@rag/onnx';
import { Tensor } from '@rag/runtime';
import { sizeLadder } from '@rag/text';

/** A text's tokens, and the row of the first of them among those of the batch. */
export interface PlacedTokens {
  readonly sequence: { readonly input_ids: readonly number[] };
  readonly start: number;
}

/** Where the weights of terms stand: a cell is a term of a text, its weight the largest of its tokens. */
export interface TermIndex {
  /** int64 [cells, occurrences]: the rows of a cell's tokens, filled up with one of its own. */
  readonly term_rows: Value;
  /** int64 [queries, terms]: cells, or their number where the query lacks the term. */
  readonly query_terms: Value;
  /** int64 [candidates, terms] */
  readonly candidate_terms: Value;
}

/**
 * The terms that a query and a candidate of the batch have in common, each text's as cells; terms of one side alone add nothing to any score.
 * @param ignored ids that are no terms: special tokens
 */
export function sparseTerms(
  queries: readonly PlacedTokens[],
  candidates: readonly PlacedTokens[],
  ignored: ReadonlySet<number | undefined>,
): Readonly<Record<keyof TermIndex, Tensor>> {
  const [asked, answered] = [queries, candidates].map(
    (texts) => new Set(texts.flatMap(({ sequence }) => sequence.input_ids)),
  ) as [Set<number>, Set<number>];
  const terms = [...asked].filter((id) => answered.has(id) && !ignored.has(id));
  const columnOf = new Map(terms.map((id, column) => [id, column]));
  const width = sizeLadder().tokens(Math.max(1, terms.length));
  const cells: number[][] = [];
  const cellsOf = (texts: readonly PlacedTokens[]): number[] => {
    const found = new Array<number>(texts.length * width).fill(-1);
    for (const [text, { sequence, start }] of texts.entries())
      for (const [place, id] of sequence.input_ids.entries()) {
        const column = columnOf.get(id);
        if (column === undefined) continue;
        const at = text * width + column;
        const cell = found[at]!;
        if (cell >= 0) cells[cell]!.push(start + place);
        else {
          found[at] = cells.length;
          cells.push([start + place]);
        }
      }
    return found;
  };
  const [query, candidate] = [cellsOf(queries), cellsOf(candidates)];
  if (cells.length === 0) cells.push([0]);
  const occurrences = cells.reduce((most, { length }) => Math.max(most, length), 1);
  const rows = cells.flatMap((own) => Array.from({ length: occurrences }, (_, i) => own[i] ?? own[0]!));
  const int64 = (shape: readonly number[], values: readonly number[]) =>
    new Tensor('int64', shape, BigInt64Array.from(values, BigInt));
  const orNone = (found: readonly number[]) => found.map((cell) => (cell < 0 ? cells.length : cell));
  return {
    term_rows: int64([cells.length, occurrences], rows),
    query_terms: int64([queries.length, width], orNone(query)),
    candidate_terms: int64([candidates.length, width], orNone(candidate)),
  };
}

/**
 * Inner products of the term weights of every query with those of every candidate, [queries, candidates]
 * (M3-Embedding, https://arxiv.org/abs/2402.03216, section 3.2).
 * @param weights [tokens, 1], from 0 on
 */
export function sparseScores(weights: Value, { term_rows, query_terms, candidate_terms }: TermIndex): Value {
  const cells = reduceMax(gather(reshape(weights, [-1]), term_rows), [1]);
  const orNone = concat([cells, constant([0], 'float32')], 0);
  return matmul(gather(orNone, query_terms), transpose(gather(orNone, candidate_terms)));
}
