import type { Pair } from './check-texts.js';
import type { EncodePassagesOptions, EncodeQueriesOptions, ScoreOptions } from './colbert-options.js';
import type { TokenVectors } from './token-vectors.js';

/** What encodes and scores; a `ColBERT` does. */
export interface LateInteraction {
  encodeQueries(texts: readonly string[], options: EncodeQueriesOptions): Promise<TokenVectors[]>;
  encodePassages(texts: readonly string[], options: EncodePassagesOptions): Promise<TokenVectors[]>;
  scoreVectors(
    queries: readonly TokenVectors[],
    passages: readonly TokenVectors[],
    options: Pick<ScoreOptions, 'signal'>,
  ): Promise<Float64Array>;
}

/** Pairs that are encoded and scored before the next: what bounds the vectors in memory. */
const WINDOW = 1024;

/** Scores of pairs in their order, in windows; a text that a window has several times is encoded once. */
export async function scorePairs(
  model: LateInteraction,
  pairs: readonly Pair[],
  options: ScoreOptions,
  size = WINDOW,
): Promise<number[]> {
  const { queryLength, passageLength, onProgress, poolFactor, protectedTokens, instruction, ...rest } =
    options;
  const pooling = {
    ...(poolFactor === undefined ? {} : { poolFactor }),
    ...(protectedTokens === undefined ? {} : { protectedTokens }),
  };
  const within = (maxLength: number | undefined) => (maxLength === undefined ? {} : { maxLength });
  const scores: number[] = [];
  for (let from = 0; from < pairs.length; from += size) {
    const window = pairs.slice(from, from + size);
    const texts = [...new Set(window.map(([, passage]) => passage))];
    const vectors = await model.encodePassages(texts, { ...rest, ...pooling, ...within(passageLength) });
    const vectorsOf = new Map(texts.map((text, i) => [text, vectors[i]!]));
    const rowsOf = new Map<string, number[]>();
    for (const [row, [query]] of window.entries()) {
      const rows = rowsOf.get(query);
      if (rows) rows.push(row);
      else rowsOf.set(query, [row]);
    }
    const queries = await model.encodeQueries([...rowsOf.keys()], {
      ...rest,
      ...within(queryLength),
      ...(instruction === undefined ? {} : { instruction }),
    });
    for (const [i, rows] of [...rowsOf.values()].entries()) {
      const passages = rows.map((row) => vectorsOf.get(window[row]![1])!);
      const found = await model.scoreVectors([queries[i]!], passages, rest);
      for (const [place, row] of rows.entries()) scores[from + row] = found[place]!;
    }
    onProgress?.(Math.min(from + size, pairs.length), pairs.length);
  }
  return scores;
}
