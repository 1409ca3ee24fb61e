import { type Tensor, tensorsOf } from '@rag/runtime';
import { type EncodedIds, type PackedBatch, packedBatches, packedTensors } from '@rag/text';
import type { BatchRunner } from './open-embedding.js';

/** How texts are put into batches. */
export interface BatchLimits {
  /** Most texts in a batch. */
  readonly batchSize: number;
  /** Most cells in a batch: texts × longest; by default 1024 on a CPU (`cpu`, `wasm`), 16384 elsewhere. */
  readonly maxTokens: number;
}

export interface StreamOptions extends BatchLimits {
  readonly padId: number;
  readonly onProgress?: ((done: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Tokens at the start of every sequence that are attended to but not pooled; the graph then takes `pooling_mask`. */
  readonly unpooled?: number | undefined;
}

/** Texts that are tokenized and sorted by length together: what bounds the memory of a stream. */
export const WINDOW = 4096;

/**
 * The vector of each text, in their order; texts of like length share a batch, within windows of `WINDOW` texts.
 * @throws RangeError for limits below 1, for a vector that is not finite and for a text of which nothing is pooled; TypeError for
 * what is no string; the signal's reason when it aborts
 */
export async function* encodeStream(
  runner: Pick<BatchRunner, 'run'>,
  texts: Iterable<string> | AsyncIterable<string>,
  encode: (text: string) => EncodedIds,
  options: StreamOptions,
): AsyncGenerator<Float32Array, void, undefined> {
  let done = 0;
  const { onProgress } = options;
  const windowed = { ...options, onProgress: (count: number) => onProgress?.(done + count) };
  const isSource = Object(texts) === texts && (Symbol.iterator in texts || Symbol.asyncIterator in texts);
  if (!isSource)
    throw new TypeError(`texts: expected a string or a source of strings, got ${typeof texts} — give texts`);
  let window: EncodedIds[] = [];
  const flush = async () => {
    const vectors = await encodeWindow(runner, window, done, windowed);
    done += window.length;
    window = [];
    return vectors;
  };
  for await (const text of texts) {
    if (typeof text !== 'string')
      throw new TypeError(
        `texts[${done + window.length}]: expected a string, got ${text === null ? 'null' : typeof text} — give its text`,
      );
    options.signal?.throwIfAborted();
    window.push(encode(text));
    if (window.length === WINDOW) yield* await flush();
  }
  if (window.length > 0) yield* await flush();
}

/** The vectors of sequences that are sorted by length together; `first` is the place of the first among all texts, for errors. */
export async function encodeWindow(
  runner: Pick<BatchRunner, 'run'>,
  sequences: readonly EncodedIds[],
  first: number,
  { padId, batchSize, maxTokens, onProgress, signal, unpooled }: StreamOptions,
): Promise<Float32Array[]> {
  const vectors = new Array<Float32Array>(sequences.length);
  let done = 0;
  for (const { rows, packed } of packedBatches(sequences, { padId, maxTokens, maxRows: batchSize })) {
    signal?.throwIfAborted();
    const feeds = packedTensors(packed);
    if (unpooled !== undefined) {
      const { batch, seq } = packed;
      const short = rows.find((row) => sequences[row]!.input_ids.length <= unpooled);
      if (short !== undefined)
        throw new RangeError(
          `texts[${first + short}]: expected more tokens than the prompt's ${unpooled}, which are not pooled, got ${sequences[short]!.input_ids.length} — raise maxLength or shorten the prompt`,
        );
      feeds.pooling_mask = { dtype: 'float32', shape: [batch, seq], data: poolingMask(packed, unpooled) };
    }
    const { vectors: output } = await runner.run(tensorsOf(feeds));
    const found = (output as Tensor).data as Float32Array;
    const width = found.length / rows.length;
    const wrong = found.findIndex((element) => !Number.isFinite(element));
    if (wrong >= 0)
      throw new RangeError(
        `vectors: expected finite numbers, got ${found[wrong]} for texts[${first + rows[Math.floor(wrong / width)]!}] — check the model's weights`,
      );
    for (const [i, row] of rows.entries()) vectors[row] = found.slice(i * width, (i + 1) * width);
    done += rows.length;
    onProgress?.(done);
  }
  return vectors;
}

/** `attention_mask` [batch, seq] without the first tokens of each sequence. */
export function poolingMask({ attention_mask, seq }: PackedBatch, unpooled: number): Float32Array {
  return attention_mask.map((real, cell) => (cell % seq < unpooled ? 0 : real));
}
