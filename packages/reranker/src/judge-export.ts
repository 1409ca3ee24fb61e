import { checkLoss, compareScores, type NarrowDtype, type ScoreLoss } from '@rag/models';
import { createSession, Tensor } from '@rag/runtime';
import type { EncodedIds } from '@rag/text';

/** How a narrowed export is judged. */
export interface NarrowExport {
  readonly dtype: NarrowDtype;
  /** Least rank correlation with the original's scores; 0.99 by default. */
  readonly leastSpearman?: number;
}

/**
 * Scores the sequences with an exported model, each by itself, and compares them with the original's scores.
 * @throws ExportRefusedError where they rank too differently
 */
export async function judgeExport(
  path: string,
  sequences: readonly EncodedIds[],
  scores: readonly number[],
  { dtype, leastSpearman = 0.99 }: NarrowExport,
): Promise<ScoreLoss> {
  const session = await createSession(path, { provider: 'cpu' });
  try {
    const found: number[] = [];
    for (const { input_ids, token_type_ids } of sequences) {
      const row = (ids: readonly number[]) =>
        new Tensor('int64', [1, ids.length], BigInt64Array.from(ids, BigInt));
      const all: Record<string, Tensor> = {
        input_ids: row(input_ids),
        attention_mask: row(input_ids.map(() => 1)),
        token_type_ids: row(token_type_ids),
      };
      const feeds = Object.fromEntries(session.inputs.map(({ name }) => [name, all[name]!]));
      const { logits } = await session.run(feeds);
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
