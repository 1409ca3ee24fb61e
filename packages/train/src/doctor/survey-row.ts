import { type EmbeddingRecord, promptedQuery, type RerankerRecord, type RowPosition } from '@rag/data';

/** A passage of a row as the doctor looks at it. */
export interface SurveyPassage {
  readonly text: string;
  /** The list that it stands in, where rows have lists. */
  readonly side?: 'positive' | 'negative';
  /** Its label, or the teacher's score. */
  readonly score?: number;
}

/** A row of any shape. */
export interface SurveyRow {
  readonly at: RowPosition;
  readonly shape: string;
  /** With its prompt in front; the text itself where the row is one. */
  readonly query: string;
  readonly passages: readonly SurveyPassage[];
}

function listed(
  texts: readonly string[],
  side: 'positive' | 'negative',
  scores: readonly number[] | undefined,
): SurveyPassage[] {
  return texts.map((text, i) => ({ text, side, ...(scores && { score: scores[i]! }) }));
}

/** A reranker's row. */
export function rerankerRow(record: RerankerRecord): SurveyRow {
  const { at, shape, query } = record;
  if (record.shape === 'lists') {
    const { pos, neg, pos_scores, neg_scores } = record;
    const passages = [...listed(pos, 'positive', pos_scores), ...listed(neg, 'negative', neg_scores)];
    return { at, shape, query, passages };
  }
  if (record.shape === 'hits')
    return {
      at,
      shape,
      query,
      passages: record.hits.map(({ content: text, label: score }) => ({ text, score })),
    };
  return { at, shape, query, passages: [{ text: record.content, score: record.label }] };
}

/** A retriever's row. */
export function embeddingRow(record: EmbeddingRecord): SurveyRow {
  const { at, shape } = record;
  const query = promptedQuery(record);
  if (record.shape === 'text') return { at, shape, query, passages: [] };
  if (record.shape === 'scored')
    return { at, shape, query, passages: record.pos.map((text, i) => ({ text, score: record.scores[i]! })) };
  if (record.shape === 'pair')
    return { at, shape, query, passages: listed(record.pos, 'positive', undefined) };
  const { pos, neg, pos_scores, neg_scores } = record;
  return {
    at,
    shape,
    query,
    passages: [...listed(pos, 'positive', pos_scores), ...listed(neg, 'negative', neg_scores)],
  };
}
