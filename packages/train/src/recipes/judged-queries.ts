import {
  type ByteSource,
  type LabelSummary,
  openRecords,
  type RecordOptions,
  type RerankerRecord,
} from '@rag/data';
import { ConfigError } from '../config/config-error.js';

/** A query with its candidates and what the file says of them. */
export interface JudgedPassages {
  readonly query: string;
  readonly passages: readonly string[];
  /** Grade of each passage; above 0 is relevant. */
  readonly relevance: readonly number[];
}

export interface JudgedQueries {
  /** Those with a relevant passage. */
  readonly queries: readonly JudgedPassages[];
  /** How many had none and were left out. */
  readonly leftOut: number;
  readonly summary: LabelSummary;
  readonly fingerprint: string;
}

/**
 * Reads files of any reranker shape as queries to rank. `pos` is relevant and `neg` is not, whatever their scores; a
 * single pair is relevant above half of its label range, pairs of one query are ranked together; hits keep their labels
 * as grades, or, where none is above 0 (labels −1 … −20 count ranks), the top label alone is relevant.
 * @throws DataError, and ConfigError where fewer than two queries can be judged
 */
export async function readJudgedQueries(
  sources: readonly ByteSource[],
  { labelKey, labelRange = { min: 0, max: 1 } }: RecordOptions = {},
): Promise<JudgedQueries> {
  const byQuery = new Map<string, { passages: string[]; relevance: number[] }>();
  const half = (labelRange.min + labelRange.max) / 2;
  const records = await openRecords(
    sources,
    { ...(labelKey !== undefined && { labelKey }), cacheBytes: 0 },
    (record) => {
      const candidates = byQuery.get(record.query) ?? { passages: [], relevance: [] };
      byQuery.set(record.query, candidates);
      for (const [passage, grade] of judged(record, half)) {
        candidates.passages.push(passage);
        candidates.relevance.push(grade);
      }
    },
  );
  await records.close();
  const all = [...byQuery].map(([query, candidates]) => ({ query, ...candidates }));
  const queries = all.filter(({ relevance }) => relevance.some((grade) => grade > 0));
  if (queries.length < 2)
    throw new ConfigError(
      sources.map(({ name }) => name).join(', '),
      'val_dataset',
      `expected at least 2 queries with a relevant passage, got ${queries.length} of ${all.length} — add some, or check the labels`,
    );
  const { summary, fingerprint } = records;
  return { queries, leftOut: all.length - queries.length, summary, fingerprint };
}

function judged(record: RerankerRecord, half: number): [passage: string, grade: number][] {
  if (record.shape === 'lists')
    return [
      ...record.pos.map((passage): [string, number] => [passage, 1]),
      ...record.neg.map((passage): [string, number] => [passage, 0]),
    ];
  if (record.shape !== 'hits') return [[record.content, record.label > half ? 1 : 0]];
  const top = record.hits.reduce((most, { label }) => Math.max(most, label), Number.NEGATIVE_INFINITY);
  return record.hits.map(({ content, label }) => [content, top > 0 ? label : Number(label === top)]);
}
