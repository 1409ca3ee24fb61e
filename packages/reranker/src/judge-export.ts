import { checkLoss, compareScores, type NarrowDtype, rowFeeds, type ScoreLoss } from '@rag/models';
import { createSession, tensorsOf } from '@rag/runtime';
import type { EncodedIds } from '@rag/text';

/** How a narrowed export is judged. */
export interface NarrowExport {
  readonly dtype: NarrowDtype;
  /** Least rank correlation with the original's scores; 0.99 by default. */
  readonly leastSpearman?: number;
}

/**
 * Scores the sequences with an exported model, each by itself, and compares them with the original's scores.
 * @param config session config entries
 * @throws ExportRefusedError where they rank too differently
 */
export async function judgeExport(
  path: string,
  sequences: readonly EncodedIds[],
  scores: readonly number[],
  { dtype, leastSpearman = 0.99 }: NarrowExport,
  config: Readonly<Record<string, string>> = {},
): Promise<ScoreLoss> {
  const session = await createSession(path, { provider: 'cpu', config });
  try {
    const found: number[] = [];
    for (const sequence of sequences) {
      const { logits } = await session.run(tensorsOf(rowFeeds(session.inputs, sequence)));
      found.push((logits!.data as Float32Array)[0]!);
    }
    const loss = compareScores(scores, found);
    const measure = "a rank correlation with the original's scores";
    // A score that is no number ranks nowhere.
    const measured = Number.isNaN(loss.mean) ? Number.NaN : loss.spearman;
    checkLoss(dtype, loss, [{ option: 'leastSpearman', measure, measured, least: leastSpearman }]);
    return loss;
  } finally {
    session.dispose();
  }
}
