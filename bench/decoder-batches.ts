import { readFileSync } from 'node:fs';
import type { EncodedIds } from '@rag/text';
import { truncatePair } from '@rag/text';
import { encodeFile, epochOf, openTokenizer } from './token-batches.js';

/** What both sides read: a decoder’s config.json, and batches of token ids. */
export interface DecoderBatches {
  readonly config: Record<string, unknown>;
  /** The label of row i is i mod 2: what is learned costs the same. */
  readonly batches: readonly (readonly (readonly number[])[])[];
}

/** Reads what `compareDecoder` wrote. */
export const readBatches = (path: string): DecoderBatches =>
  JSON.parse(readFileSync(path, 'utf8')) as DecoderBatches;

/** Batches of full rows, of words all over the vocabulary; none is 0, the padding. */
export const fullRows = (
  vocabulary: number,
  { batches, rows, tokens }: { batches: number; rows: number; tokens: number },
): number[][][] =>
  Array.from({ length: batches }, (_, batch) =>
    Array.from({ length: rows }, (_, row) =>
      Array.from(
        { length: tokens },
        (_, i) => 1 + (((batch * rows + row) * 7919 + i * 104_729) % (vocabulary - 1)),
      ),
    ),
  );

/**
 * Batches at equal distances of an epoch in random order over the pairs of a T2Ranking file, query and passage cut to `maxLength` tokens. Ids
 * of a larger vocabulary are folded into the model's: only their number matters here.
 */
export async function realRows(
  vocabulary: number,
  options: {
    readonly data: string;
    readonly tokenizer: string;
    readonly batches: number;
    readonly rows: number;
    readonly maxLength: number;
  },
): Promise<number[][][]> {
  const { data, batches, rows, maxLength } = options;
  const tokenizer = openTokenizer(options.tokenizer);
  const encode = (query: string, passage: string): EncodedIds => {
    const [asked, given] = [tokenizer.encodePieces(query), tokenizer.encodePieces(passage)];
    const keep = truncatePair(asked.length, given.length, maxLength);
    const input_ids = [...asked.slice(0, keep.query), ...given.slice(0, keep.passage)].map(
      (id) => 1 + (id % (vocabulary - 1)),
    );
    return { input_ids, token_type_ids: new Array<number>(input_ids.length).fill(0) };
  };
  const examples = await encodeFile(data, encode);
  return epochOf(examples, { order: 'random', batchSize: rows, batches }).map((batch) =>
    batch.map(({ encoded }) => [...encoded.input_ids]),
  );
}
