import { type DropoutDraw, dropoutFeeds } from '@rag/models';
import { type Batch, type ChunkedBatch, type RankOf, type TrainingBatch, tensorsOf } from '@rag/runtime';
import { batchByTokens, packSequences, sizeLadder } from '@rag/text';
import { colbertTensors } from '../colbert-tensors.js';
import type { TextEncoder, TokenSequence } from '../text-encoder.js';

/** A sequence, and its row in the data, by which dropout draws its masks. */
export interface PlacedSequence {
  readonly sequence: TokenSequence;
  readonly row: number;
  /** The rank that encodes it, where the vectors of several are gathered. */
  readonly owner?: number;
}

export interface PackOptions {
  readonly encoder: TextEncoder;
  /** Left out in evaluation. */
  readonly dropout?: DropoutDraw;
  /**
   * Most cells of a chunk, sequences × longest: the batch then comes in chunks of like length, for an objective with
   * `gradCache`. A longer sequence is a chunk of its own. Without it the batch is one.
   */
  readonly chunkTokens?: number;
  /** Most texts of a chunk. */
  readonly chunkTexts?: number;
  /** The texts are those of all ranks, whose vectors are gathered; this one encodes its own, as chunks. */
  readonly gather?: RankOf & { readonly head: ChunkedBatch['gathered'] & string };
  /** Feeds `first_token` too, for vectors of texts. @default false */
  readonly pooled?: boolean;
}

/** Sequences packed for the encoder, and where each one's vectors will stand in `token_vectors`. */
export interface PackedTexts {
  /** The row of each sequence's first token, in the order that was given. */
  readonly first: readonly number[];
  /** The row of each text's own vector, in the order that was given. */
  readonly textRows: readonly number[];
  /** A row whose vector is zero. */
  readonly zeroRow: number;
  /** Tokens that come from texts, and the texts; of this rank. */
  readonly realTokens: number;
  readonly sequences: number;
  /** The batch of these texts with what the loss reads. */
  batch(head: Batch): TrainingBatch;
}

/**
 * Packs queries and passages for one run of the encoder, or for one run per chunk; chunks are packed when they are read.
 * @throws RangeError for no texts
 */
export function packTexts(texts: readonly PlacedSequence[], options: PackOptions): PackedTexts {
  const { encoder, chunkTokens, chunkTexts, gather, pooled = false } = options;
  if (texts.length === 0)
    throw new RangeError('packTexts: expected at least one text, got none — leave out empty batches');
  const { query_length, document_length } = encoder.settings;
  const ladder = sizeLadder({ maxSeq: Math.max(query_length, document_length) });
  const lengths = texts.map(({ sequence }) => sequence.input_ids.length);
  const chunksOf = (own: readonly number[]): (readonly number[])[] => {
    if (own.length === 0) return [];
    if (chunkTokens === undefined) return [own];
    const { batches } = batchByTokens(
      own.map((place) => lengths[place]!),
      { maxTokens: chunkTokens, maxRows: chunkTexts ?? texts.length },
    );
    return batches.map((batch) => batch.map((i) => own[i]!));
  };
  const all = [...texts.keys()];
  const byRank = gather
    ? Array.from({ length: gather.ranks }, (_, rank) =>
        chunksOf(all.filter((place) => texts[place]!.owner === rank)),
      )
    : [chunksOf(all)];
  const chunks = byRank[gather?.rank ?? 0]!;
  const pack = (places: readonly number[]): Batch => {
    const sequences = places.map((place) => texts[place]!.sequence);
    const packed = packSequences(sequences, {
      padId: encoder.padId,
      mode: 'packed',
      ladder,
    });
    const rows = places.map((place) => texts[place]!.row);
    const { dropout } = options;
    const { first_token, ...tensors } = colbertTensors(sequences, packed);
    return {
      ...tensors,
      ...(pooled && { first_token: first_token! }),
      ...(dropout && tensorsOf(dropoutFeeds(dropout.inputs, { ...dropout, ...packed, rows }))),
    };
  };
  const first = new Array<number>(texts.length);
  let start = 0;
  let zeroRow = 0;
  for (const places of byRank.flat()) {
    let next = start;
    for (const place of places) {
      first[place] = next;
      next += lengths[place]!;
    }
    // As packSequences rounds: at least one filler row, the last.
    start += ladder.tokens(next - start + 1);
    zeroRow = start - 1;
  }
  const textRows = new Array<number>(texts.length);
  for (const [row, place] of byRank.flat(2).entries()) textRows[place] = row;
  return {
    first,
    textRows,
    zeroRow,
    realTokens: chunks.flat().reduce((sum, place) => sum + lengths[place]!, 0),
    sequences: chunks.flat().length,
    batch: (head) =>
      chunkTokens === undefined && !gather
        ? { ...pack(chunks[0]!), ...head }
        : {
            chunks: {
              *[Symbol.iterator]() {
                for (const places of chunks) yield pack(places);
              },
            },
            head,
            ...(gather && { gathered: gather.head }),
          },
  };
}
