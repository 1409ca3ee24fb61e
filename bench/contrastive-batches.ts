import { type ContrastiveExample, contrastive, epochBatches, openDataset } from '@rag/data';
import { openFile } from '@rag/data/node';
import type { TextTokenizer } from '@rag/embedding/training';
import type { EncodedIds } from '@rag/text';
import { atEqualDistances } from './token-batches.js';

/** Queries of one update with their positive and negatives. */
export interface ContrastiveBatch {
  readonly examples: readonly ContrastiveExample[];
  /** Their numbers in the data. */
  readonly indices: readonly number[];
}

export interface ContrastiveBatchesOptions {
  /** Negatives of each query. */
  readonly negatives: number;
  /** Queries. */
  readonly batchSize: number;
  /** How many batches at equal distances of the epoch; all of it where left out. */
  readonly batches: number | undefined;
}

/**
 * Batches of an epoch over a JSONL file of rows {query, pos, neg}, in random order: one example per positive.
 * @throws RangeError for a row without negatives
 */
export async function contrastiveBatches(
  path: string,
  { negatives, batchSize, batches }: ContrastiveBatchesOptions,
): Promise<ContrastiveBatch[]> {
  const dataset = await openDataset([await openFile(path)], contrastive({ negatives, seed: 1 }));
  const all = epochBatches(dataset.length, 0, { seed: 1, batchSize });
  const chosen: ContrastiveBatch[] = [];
  for (const { indices } of atEqualDistances(all, batches)) {
    const examples: ContrastiveExample[] = [];
    for (const index of indices) examples.push(await dataset.example(index, 0));
    const bare = examples.find((example) => example.negatives.length !== negatives);
    if (bare)
      throw new RangeError(
        `${bare.at.file}:${bare.at.line}: expected negatives, got none — the recipe takes rows {query, pos, neg}`,
      );
    chosen.push({ examples, indices: Array.from(indices) });
  }
  await dataset.close();
  return chosen;
}

/** A tokenizer that encodes every text once. */
export function remembering(encoder: TextTokenizer): TextTokenizer {
  const known = new Map<string, EncodedIds>();
  return {
    ...encoder,
    encode(text) {
      const encoded = known.get(text) ?? encoder.encode(text);
      known.set(text, encoded);
      return encoded;
    },
  };
}
