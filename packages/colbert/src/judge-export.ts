import {
  checkLoss,
  compareScores,
  type LossLimit,
  type NarrowDtype,
  rowFeeds,
  type ScoreLoss,
} from '@rag/models';
import { createSession, type Session, tensorsOf } from '@rag/runtime';
import type { Pair } from './check-texts.js';
import type { TextEncoder, TokenSequence } from './text-encoder.js';
import type { TokenVectors } from './token-vectors.js';

/** How a narrowed export is judged. */
export interface NarrowExport {
  readonly dtype: NarrowDtype;
  /** Least rank correlation with the original's scores of all pairs; 0.99 by default. */
  readonly leastSpearman?: number;
  /** Least share of a query's ten best passages (half of them where there are fewer) that stay its best; 0.8 by default. */
  readonly leastOverlap?: number;
}

/** Pairs, and what the original says of them. */
export interface JudgedPairs {
  readonly pairs: readonly Pair[];
  readonly scores: readonly number[];
  readonly encoder: TextEncoder;
  /** MaxSim of a query and a passage. */
  maxSim(query: TokenVectors, passage: TokenVectors): Promise<number>;
}

/**
 * Scores the pairs by the token vectors of an exported model, each text by itself, and compares the scores with the original's. Of
 * vectors it keeps those of one pair; a query is encoded once for the pairs of it that follow each other.
 * @throws ExportRefusedError where they rank too differently
 */
export async function judgeExport(
  path: string,
  { pairs, scores, encoder, maxSim }: JudgedPairs,
  { dtype, leastSpearman = 0.99, leastOverlap = 0.8 }: NarrowExport,
): Promise<ScoreLoss> {
  const session = await createSession(path, { provider: 'cpu' });
  try {
    const found: number[] = [];
    let last: { readonly text: string; readonly vectors: TokenVectors } | undefined;
    for (const [query, passage] of pairs) {
      if (last?.text !== query)
        last = { text: query, vectors: await tokenVectors(session, encoder.encodeQuery(query)) };
      found.push(await maxSim(last.vectors, await tokenVectors(session, encoder.encodePassage(passage))));
    }
    const loss = compareScores(
      scores,
      found,
      pairs.map(([query]) => query),
    );
    // A score that is no number ranks nowhere.
    const measured = Number.isNaN(loss.mean) ? Number.NaN : loss.spearman;
    const limits: LossLimit[] = [
      {
        option: 'leastSpearman',
        measure: "a rank correlation with the original's scores",
        measured,
        least: leastSpearman,
      },
    ];
    if (loss.overlap !== undefined)
      limits.push({
        option: 'leastOverlap',
        measure: "an overlap with the original's best passages",
        measured: loss.overlap,
        least: leastOverlap,
      });
    checkLoss(dtype, loss, limits);
    return loss;
  } finally {
    session.dispose();
  }
}

async function tokenVectors(session: Session, sequence: TokenSequence): Promise<TokenVectors> {
  const { attention, scored } = sequence;
  const feeds = tensorsOf(rowFeeds(session.inputs, sequence, attention));
  const { token_embeddings } = await session.run(feeds);
  const dim = token_embeddings!.shape[2]!;
  const data = token_embeddings!.data as Float32Array;
  const kept = scored.flatMap((score, column) =>
    score === 1 ? [data.subarray(column * dim, (column + 1) * dim)] : [],
  );
  const own = new Float32Array(kept.length * dim);
  for (const [i, vector] of kept.entries()) own.set(vector, i * dim);
  return { data: own, tokens: kept.length, dim };
}
