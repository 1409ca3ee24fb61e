import type { Embedding, EncodeOptions } from '@rag/embedding';
import { openTokenizerPool } from '@rag/text/node';
import type { VectorEncoder } from '../encode/encode-file.js';

/** A model as `encodeFile` asks for it. */
export interface OpenedVectorEncoder extends VectorEncoder {
  /** Ends the worker threads; the model stays open. */
  close(): Promise<void>;
}

/**
 * Encodes windows of texts by a model, with the same bits whatever the number of `workers`: threads that tokenize a window while
 * the one before is encoded. With 0 the thread that calls does it.
 * @throws what the model and the pool of threads throw
 */
export async function vectorEncoder(
  model: Embedding,
  width: number,
  options: EncodeOptions,
  workers: number,
): Promise<OpenedVectorEncoder> {
  if (workers === 0)
    return {
      width,
      encode: (texts, control) => model.encode(texts, { ...options, ...control }),
      close: async () => {},
    };
  const pool = await openTokenizerPool(model.tokenizerTexts, { workers });
  const begun = new WeakMap<readonly string[], ReturnType<Embedding['tokenize']>>();
  const tokenize = (texts: readonly string[]) => {
    const tokens = begun.get(texts) ?? model.tokenize(texts, pool, options);
    begun.set(texts, tokens);
    // What goes wrong ahead is told when its turn comes.
    tokens.catch(() => {});
    return tokens;
  };
  return {
    width,
    prepare: tokenize,
    async encode(texts, control) {
      const tokens = await tokenize(texts);
      return model.encodeTokens(tokens, { ...options, ...control });
    },
    close: () => pool.dispose(),
  };
}
