import type { Reranker } from '@rag/reranker';
import type { EncodedIds } from '@rag/text';
import { createBatcher } from './batcher.js';
import { inTurns } from './in-turns.js';
import { tooLong, withinCharacters } from './input-length.js';
import { throughQueue } from './model-queue.js';
import { batcherLimits, type QueueLimits } from './queue-limits.js';
import type { ScoringService } from './served-model.js';

/**
 * A reranker of any kind as a server takes it.
 * @param options `maxLength`: tokens of a pair; by default those that the model states, or 512, or what it has positions for
 * @throws OptionError for a maxLength that the model does not allow
 */
export function rerankerService(
  name: string,
  model: Reranker,
  { maxLength, ...limits }: QueueLimits & { readonly maxLength?: number },
): ScoringService {
  const maxTokens = maxLength ?? model.maxLength;
  const encoder = model.parts.encoder(maxTokens);
  const batcher = createBatcher<EncodedIds, number>({
    ...batcherLimits(model.provider, limits),
    run: (sequences, signal) => model.scoreTokens(sequences, { signal, batchSize: sequences.length }),
  });
  const labels = { id2label: { 0: 'LABEL_0' }, label2id: { LABEL_0: 0 } };

  const service: ScoringService = {
    name,
    maxInputLength: maxTokens,
    modelType: { reranker: labels },
    get held() {
      return batcher.held;
    },
    async score(query, texts, { truncate, rawScores, signal }) {
      const answer = await throughQueue(
        batcher,
        texts.length,
        async () => {
          const bounds = { maxTokens, truncate };
          const asked = withinCharacters('query', query, bounds);
          const sequences = await inTurns(texts, signal, (text, i) => {
            const passage = withinCharacters(`texts[${i}]`, text, bounds);
            const sequence = encoder.encode(asked, passage);
            // Only a sequence of all tokens can have lost some.
            const isFull = sequence.input_ids.length >= maxTokens;
            if (!truncate && isFull && !encoder.fits(asked, passage)) throw tooLong(`texts[${i}]`, maxTokens);
            return sequence;
          });
          return { inputs: sequences.map((input) => ({ input, tokens: input.input_ids.length })) };
        },
        signal,
      );
      return rawScores ? answer : { ...answer, outputs: answer.outputs.map(logistic) };
    },
    probe: () => service.score('probe', ['probe'], { truncate: true, rawScores: true }),
    close: () => batcher.drained(),
  };
  return service;
}

const logistic = (logit: number): number => 1 / (1 + Math.exp(-logit));
