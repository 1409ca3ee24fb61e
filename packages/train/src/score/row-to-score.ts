import { DataError, type Line, parseEmbeddingRecord, parseLine, parseRecord, promptedQuery } from '@rag/data';

/** How scored rows are written: as they are with scores added, or a line `{query, content, score}` per passage. */
export const scoredForms = ['rows', 'pairs'] as const;
export type ScoredForm = (typeof scoredForms)[number];

/** A row whose passages are to be scored. */
export interface RowToScore {
  /** The row's JSON text. */
  readonly text: string;
  readonly query: string;
  /** With the row's prompt in front. */
  readonly prompted: string;
  /** As the row spells it. */
  readonly prompt?: string;
  /** `pos`, then `neg`; or `content`; or the contents of `hits`. */
  readonly passages: readonly string[];
  /** Keys that scores are written under, each with the number of passages that it takes; none for hits, which are written as pairs. */
  readonly keys: readonly (readonly [key: string, count: number])[];
}

type Row = Readonly<Record<string, unknown>>;

/**
 * The reader of a line: `{query, pos}` with or without `neg`, `{query, content}`, and, where pairs are written,
 * `{query, hits: [{content}]}`. Labels and scores that are there are not read.
 * @throws DataError with the line, from the reader that it returns
 */
export function scoreRowParser(form: ScoredForm): (line: Line) => RowToScore {
  return (line) => {
    const value = parseLine(line);
    const record = parseRecord(withoutLabels(value), line.at);
    const row = value as Row;
    const { query } = record;
    const { prompt_for_query: prompt } = row;
    const prompted = promptedQuery(
      parseEmbeddingRecord({ query, ...(prompt !== undefined && { prompt_for_query: prompt }) }, line.at),
    );
    const base = {
      text: new TextDecoder().decode(line.bytes),
      query,
      prompted,
      ...(typeof prompt === 'string' && { prompt }),
    };
    if (record.shape === 'lists') return { ...base, ...listsOf(line, row, record) };
    if (record.shape !== 'hits') return { ...base, passages: [record.content], keys: [['score', 1]] };
    if (form === 'rows')
      throw new DataError('unfit-shape', {
        at: line.at,
        expected: '"pos" or "content", which scores stand beside',
        got: 'a row with "hits"',
        remedy: 'pass --as pairs to write {query, content, score}',
      });
    return { ...base, passages: record.hits.map(({ content }) => content), keys: [] };
  };
}

function listsOf(
  { at }: Line,
  row: Row,
  { pos, neg }: { readonly pos: readonly string[]; readonly neg: readonly string[] },
): Pick<RowToScore, 'passages' | 'keys'> {
  const hasNegatives = Object.hasOwn(row, 'neg');
  if (Object.hasOwn(row, 'scores') && hasNegatives)
    throw new DataError('ambiguous-shape', {
      at,
      expected: '"scores" of "pos" alone, or "neg" with "neg_scores"',
      got: '"scores" and "neg"',
      remedy: 'take "scores" out',
    });
  // The loaders take one kind of score per row: one that has "scores" keeps that key.
  if (Object.hasOwn(row, 'scores')) return { passages: pos, keys: [['scores', pos.length]] };
  return {
    passages: [...pos, ...neg],
    keys: [['pos_scores', pos.length], ...(hasNegatives ? [['neg_scores', neg.length] as const] : [])],
  };
}

const labelKeys: readonly string[] = ['label', 'score', 'scores', 'pos_scores', 'neg_scores'];
const unlabelled = (row: Row): Row =>
  Object.fromEntries(Object.entries(row).filter(([key]) => !labelKeys.includes(key)));

/** The row with labels that any reader takes in place of its own, which need not be there or be right. */
function withoutLabels(value: unknown): unknown {
  if (!isObject(value)) return value;
  const row = unlabelled(value);
  if (Object.hasOwn(row, 'content')) return { ...row, label: 0 };
  if (!Array.isArray(row.hits)) return row;
  return {
    ...row,
    hits: row.hits.map((hit: unknown) => (isObject(hit) ? { ...unlabelled(hit), label: 0 } : hit)),
  };
}

const isObject = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
