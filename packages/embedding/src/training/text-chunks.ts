import { type DropoutDraw, dropoutFeeds } from '@rag/models';
import { type Batch, type ChunkedBatch, type RankOf, type TrainingBatch, tensorsOf } from '@rag/runtime';
import { batchByTokens, type EncodedIds, packedTensors, packSequences, sizeLadder } from '@rag/text';

export interface TextChunksOptions {
  /** Id of filler tokens. */
  readonly padId: number;
  /** The longest that a text may be, in tokens. */
  readonly maxLength: number;
  /** `packed` (default) computes no padding; `padded` computes every cell, with the same vectors. */
  readonly mode?: 'packed' | 'padded';
  /** Left out in evaluation. */
  readonly dropout?: DropoutDraw;
  /**
   * GradCache: the texts are encoded in chunks of like length, each of at most so many tokens (texts × longest; a longer
   * text is a chunk of its own). Without it they are one batch.
   */
  readonly chunkTokens?: number;
  /** And of at most so many texts. */
  readonly chunkTexts?: number;
  /** The texts are those of all ranks, whose vectors are gathered; this one encodes its own, as chunks. */
  readonly gather?: RankOf & {
    /** For each text, the rank that encodes it. */
    readonly owners: readonly number[];
    readonly head: ChunkedBatch['gathered'] & string;
  };
}

/** Texts as the encoder's inputs, and where their vectors stand. */
export interface TextChunks {
  /** For each text, the row of its vector in what the loss reads. */
  readonly places: readonly number[];
  /** The texts that this rank encodes. */
  readonly own: readonly number[];
  /** The batch with the inputs of the loss. */
  with(head: Batch): TrainingBatch;
}

/**
 * Packs texts for one step. Chunks are packed anew whenever they are read, so that one is held at a time, dropout
 * included; `rows` are the texts' places in the data, which dropout depends on and chunks do not.
 * @throws RangeError for no texts, and for a budget below one token
 */
export function textChunks(
  texts: readonly EncodedIds[],
  rows: readonly number[],
  { padId, maxLength, mode = 'packed', dropout, chunkTokens, chunkTexts, gather }: TextChunksOptions,
): TextChunks {
  if (texts.length === 0)
    throw new RangeError('batch: expected at least one example, got none — leave out empty batches');
  const ladder = sizeLadder({ maxSeq: maxLength });
  const batchOf = (chosen: readonly number[]): Batch => {
    const packed = packSequences(
      chosen.map((i) => texts[i]!),
      { padId, mode, ladder },
    );
    const place = { ...packed, rows: chosen.map((i) => rows[i]!) };
    return {
      ...tensorsOf(packedTensors(packed)),
      ...(dropout && tensorsOf(dropoutFeeds(dropout.inputs, { ...dropout, ...place }))),
    };
  };
  const all = texts.map((_, i) => i);
  if (chunkTokens === undefined && !gather)
    return { places: all, own: all, with: (head) => ({ ...batchOf(all), ...head }) };
  const batchesOf = (list: readonly number[]): (readonly number[])[] => {
    if (list.length === 0) return [];
    if (chunkTokens === undefined) return [list];
    const lengths = list.map((i) => texts[i]!.input_ids.length);
    const { batches } = batchByTokens(lengths, {
      maxTokens: chunkTokens,
      maxRows: chunkTexts ?? Number.POSITIVE_INFINITY,
    });
    return batches.map((batch) => batch.map((i) => list[i]!));
  };
  const byRank = gather
    ? Array.from({ length: gather.ranks }, (_, rank) =>
        batchesOf(all.filter((i) => gather.owners[i] === rank)),
      )
    : [batchesOf(all)];
  const places = new Array<number>(texts.length);
  for (const [place, text] of byRank.flat(2).entries()) places[text] = place;
  const batches = byRank[gather?.rank ?? 0]!;
  const chunks: Iterable<Batch> = {
    *[Symbol.iterator]() {
      for (const chosen of batches) yield batchOf(chosen);
    },
  };
  return {
    places,
    own: batches.flat(),
    with: (head) => ({ chunks, head, ...(gather && { gathered: gather.head }) }),
  };
}
