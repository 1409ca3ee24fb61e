import { type ByteSource, DataError, readLines } from '@rag/data';

/** A query with passages that answer it and passages that do not. */
export interface RerankingSample {
  /** Several spellings of one question count by their best. */
  readonly queries: readonly string[];
  readonly positive: readonly string[];
  readonly negative: readonly string[];
}

export interface RerankingSamples {
  readonly samples: readonly RerankingSample[];
  /** Lines without a positive or without a negative: MTEB leaves them out too. */
  readonly leftOut: number;
}

/**
 * Reads the lines of an MTEB reranking task, `{"query": text or texts, "positive": texts, "negative": texts}`; other keys are not read.
 * @throws DataError with file and line, and where fewer than two samples can be judged
 */
export async function readMtebSamples(source: ByteSource): Promise<RerankingSamples> {
  const samples: RerankingSample[] = [];
  let leftOut = 0;
  for await (const { at, bytes } of readLines(source)) {
    const fail = (expected: string, got: string, remedy: string): never => {
      throw new DataError('wrong-type', { at, expected, got, remedy });
    };
    const line = new TextDecoder().decode(bytes);
    if (line.trim() === '') continue;
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch (cause) {
      return fail('a JSON object', (cause as Error).message, 'write one object per line');
    }
    if (typeof row !== 'object' || row === null || Array.isArray(row))
      return fail('a JSON object', shown(row), 'write {"query", "positive", "negative"}');
    const textsOf = (key: string): string[] => {
      const value = (row as Record<string, unknown>)[key];
      const texts = typeof value === 'string' && key === 'query' ? [value] : value;
      if (Array.isArray(texts) && texts.every((text) => typeof text === 'string')) return texts;
      return fail(
        `"${key}": ${key === 'query' ? 'a text or a list of texts' : 'a list of texts'}`,
        shown(value),
        'rows are those of MTEB’s reranking tasks',
      );
    };
    const [queries, positive, negative] = [textsOf('query'), textsOf('positive'), textsOf('negative')];
    if (queries.length === 0) return fail('"query": a text', 'an empty list', 'remove the line');
    if (positive.length === 0 || negative.length === 0) leftOut++;
    else samples.push({ queries, positive, negative });
  }
  if (samples.length < 2)
    throw new DataError('wrong-type', {
      at: { file: source.name },
      expected: 'at least 2 samples with positive and negative passages',
      got: `${samples.length}, and ${leftOut} without one of both`,
      remedy: 'check that the file is complete',
    });
  return { samples, leftOut };
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 80);
