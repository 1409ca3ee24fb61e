import type { Embedding } from '@rag/embedding';
import { longestSequence } from '@rag/models';
import type { EncodedIds } from '@rag/text';
import { openTokenizerPool } from '@rag/text/node';
import { createBatcher } from './batcher.js';
import { tooLong, withinCharacters } from './input-length.js';
import { throughQueue } from './model-queue.js';
import { batcherLimits, type QueueLimits } from './queue-limits.js';
import type { EmbeddingService } from './served-model.js';
import { shapeVector } from './shape-vector.js';

/** An embedding model as a server takes it. @param options `workers`: threads that tokenize; 0 tokenizes in the one of the server */
export async function embeddingService(
  name: string,
  model: Embedding,
  { workers, ...limits }: QueueLimits & { readonly workers: number },
): Promise<EmbeddingService> {
  const { settings, head, config, dimension } = model;
  const pool = await openTokenizerPool(model.tokenizerTexts, { workers });
  const maxTokens = Math.min(
    settings.max_seq_length ?? model.tokenizer.modelMaxLength,
    longestSequence(config),
  );
  // Vectors are cut and divided for each request by itself, so that requests of all widths share a batch.
  const whole = { dim: dimension, normalize: false } as const;
  const batcher = createBatcher<EncodedIds, Float32Array>({
    ...batcherLimits(model.provider, limits),
    run: (sequences, signal, prompt) =>
      model.encodeTokens(sequences, { ...whole, signal, batchSize: sequences.length, ...promptOf(prompt) }),
  });
  const widths = Math.min(settings.truncate_dim ?? dimension, dimension);

  const service: EmbeddingService = {
    name,
    maxInputLength: maxTokens,
    modelType: { embedding: { pooling: head.pooling.join('+') || 'within the ONNX file' } },
    get held() {
      return batcher.held;
    },
    async embed(texts, { truncate, promptName, signal, where, normalize, dim = widths }) {
      // Checked before a place is taken.
      await model.encode([], { dim, ...(promptName !== undefined && { promptName }) });
      const name = promptName ?? settings.default_prompt_name ?? undefined;
      const answer = await throughQueue(
        batcher,
        texts.length,
        async () => {
          const bounded = texts.map((text) => withinCharacters(where, text, { maxTokens, truncate }));
          let truncated: readonly number[] = [];
          const counting = {
            encode: async (...given: Parameters<typeof pool.encode>) => {
              const encoded = await pool.encode(...given);
              truncated = encoded.map((one) => one.truncated);
              return encoded;
            },
          };
          const sequences = await model.tokenize(bounded, counting, {
            ...promptOf(name ?? ''),
            ...(signal && { signal }),
          });
          if (!truncate && truncated.some((count) => count > 0)) throw tooLong(where, maxTokens);
          const inputs = sequences.map((input) => ({ input, tokens: input.input_ids.length }));
          // Where the tokens of a prompt are not pooled, a batch has one prompt.
          return { inputs, group: head.includePrompt === false ? (name ?? '') : '' };
        },
        signal,
      );
      return { ...answer, outputs: answer.outputs.map((vector) => shapeVector(vector, { dim, normalize })) };
    },
    probe: () => service.embed(['probe'], { truncate: true, normalize: true, where: 'probe' }),
    async close() {
      await batcher.drained();
      await pool.dispose();
    },
  };
  return service;
}

/** The option of a prompt that has been chosen: none is '' and not the model's default one. */
const promptOf = (promptName: string) => (promptName === '' ? { prompt: '' } : { promptName });
