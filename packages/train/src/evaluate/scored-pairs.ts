import {
  type ByteSource,
  DataError,
  type Line,
  parseEmbeddingRecord,
  parseLine,
  promptedQuery,
  readLines,
} from '@rag/data';

/** Two texts with the similarity that somebody gave them, on any scale. */
export interface TextPair {
  readonly first: string;
  readonly second: string;
  readonly score: number;
}

/**
 * Reads semantic textual similarity: rows `{sentence1, sentence2, score}`, as the STS sets of MTEB have them, or
 * `{query, pos, scores}`.
 * @throws DataError with file and line
 */
export async function readScoredPairs(sources: readonly ByteSource[]): Promise<TextPair[]> {
  const pairs: TextPair[] = [];
  for (const source of sources) for await (const line of readLines(source)) pairs.push(...pairsOf(line));
  if (pairs.length > 2) return pairs;
  throw new DataError('empty-file', {
    at: { file: sources.map(({ name }) => name).join(', ') },
    expected: 'at least 3 pairs with scores',
    got: String(pairs.length),
  });
}

function pairsOf(line: Line): TextPair[] {
  const { at } = line;
  const value = parseLine(line);
  const row = (value ?? {}) as Partial<Record<string, unknown>>;
  if (!('sentence1' in Object(row))) {
    const record = parseEmbeddingRecord(value, at);
    if (record.shape !== 'scored')
      throw new DataError('unfit-shape', {
        at,
        expected: '{sentence1, sentence2, score} or {query, pos, scores}',
        got: `a row of ${Object.keys(row).join(', ')}`,
      });
    const { pos, scores } = record;
    return pos.map((second, i) => ({ first: promptedQuery(record), second, score: scores[i]! }));
  }
  const { sentence1: first, sentence2: second, score } = row;
  for (const [key, text] of Object.entries({ sentence1: first, sentence2: second }))
    if (typeof text !== 'string' || text.trim() === '' || /\p{Surrogate}/u.test(text))
      throw fault(line, `"${key}" to hold text`, text);
  if (typeof score !== 'number' || !Number.isFinite(score))
    throw fault(line, '"score" to be a finite number', score);
  return [{ first: first as string, second: second as string, score }];
}

const fault = ({ at }: Line, expected: string, value: unknown): DataError =>
  new DataError('wrong-type', {
    at,
    expected,
    got: value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 40),
  });
