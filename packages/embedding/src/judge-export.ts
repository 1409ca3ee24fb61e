import { checkLoss, compareVectors, type NarrowDtype, type VectorLoss } from '@rag/models';
import { createSession, Tensor } from '@rag/runtime';
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
 * @throws ExportRefusedError where they are too far away, or have other neighbours
 */
export async function judgeExport(
  path: string,
  sequences: readonly EncodedIds[],
  vectors: readonly Float32Array[],
  { dtype, leastCosine = 0.98, leastOverlap = 0.8 }: NarrowExport,
): Promise<VectorLoss> {
  const session = await createSession(path, { provider: 'cpu' });
  try {
    const found: Float32Array[] = [];
    for (const { input_ids, token_type_ids } of sequences) {
      const row = (ids: readonly number[]) =>
        new Tensor('int64', [1, ids.length], BigInt64Array.from(ids, BigInt));
      const all: Record<string, Tensor> = {
        input_ids: row(input_ids),
        attention_mask: row(input_ids.map(() => 1)),
        token_type_ids: row(token_type_ids),
      };
      const feeds = Object.fromEntries(session.inputs.map(({ name }) => [name, all[name]!]));
      const { sentence_embedding } = await session.run(feeds);
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
