import { checkLoss, compareVectors, type NarrowDtype, rowFeeds, type VectorLoss } from '@rag/models';
import { createSession, tensorsOf } from '@rag/runtime';
import type { EncodedIds } from '@rag/text';

/** How a narrowed export is judged. */
export interface NarrowExport {
  readonly dtype: NarrowDtype;
  /** Least mean cosine between a text's two vectors; 0.98 by default. */
  readonly leastCosine?: number;
  /** Least share of a text's ten nearest texts (half of them in smaller sets) that stay its nearest, among the first 1,000 texts; 0.8 by default. */
  readonly leastOverlap?: number;
}

/**
 * Encodes the sequences with an exported model, each by itself, and compares their vectors with the original's.
 * @param config session config entries
 * @throws ExportRefusedError where they are too far away, or have other neighbours
 */
export async function judgeExport(
  path: string,
  sequences: readonly EncodedIds[],
  vectors: readonly Float32Array[],
  { dtype, leastCosine = 0.98, leastOverlap = 0.8 }: NarrowExport,
  config: Readonly<Record<string, string>> = {},
): Promise<VectorLoss> {
  const session = await createSession(path, { provider: 'cpu', config });
  try {
    const found: Float32Array[] = [];
    for (const sequence of sequences) {
      const { sentence_embedding } = await session.run(tensorsOf(rowFeeds(session.inputs, sequence)));
      found.push(Float32Array.from(sentence_embedding!.data as Float32Array));
    }
    const loss = compareVectors(vectors, found);
    checkLoss(dtype, loss, [
      {
        option: 'leastCosine',
        measure: "a mean cosine with the original's vectors",
        measured: loss.cosine,
        least: leastCosine,
      },
      {
        option: 'leastOverlap',
        measure: "an overlap with the original's nearest texts",
        measured: loss.overlap,
        least: leastOverlap,
      },
    ]);
    return loss;
  } finally {
    session.dispose();
  }
}
