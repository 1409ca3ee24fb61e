import { createBatcher } from '../serve/batcher.js';
import { throughQueue } from '../serve/model-queue.js';
import type { EmbeddingService } from '../serve/served-model.js';

/** A run of a told model that waits. */
export interface ToldRun {
  readonly texts: readonly string[];
  readonly signal: AbortSignal;
  /** A vector of one element for each text: its length. */
  answer(): void;
  fail(error: Error): void;
}

/** An embedding model behind a real queue that answers when a test tells it to. */
export function toldService(maxQueue = 4) {
  const runs: ToldRun[] = [];
  const watchers: { readonly count: number; tell(): void }[] = [];
  const batcher = createBatcher<string, Float32Array>({
    maxBatchTokens: 100,
    maxBatchInputs: 100,
    maxQueue,
    run: (texts, signal) =>
      new Promise((resolve, reject) => {
        const answer = () => resolve(texts.map(({ length }) => Float32Array.of(length)));
        runs.push({ texts, signal, answer, fail: reject });
        for (const { count, tell } of watchers) if (runs.length >= count) tell();
      }),
  });
  const service: EmbeddingService = {
    name: 'told',
    maxInputLength: 100,
    modelType: { embedding: { pooling: 'mean' } },
    get held() {
      return batcher.held;
    },
    embed: (texts, { signal }) =>
      throughQueue(
        batcher,
        texts.length,
        async () => ({ inputs: texts.map((input) => ({ input, tokens: 1 })) }),
        signal,
      ),
    probe: () => service.embed(['probe'], { truncate: true, normalize: true, where: 'probe' }),
    close: () => batcher.drained(),
  };
  return {
    service,
    runs,
    /** Resolves when so many runs have begun. */
    begun: (count: number) =>
      new Promise<void>((tell) => {
        if (runs.length >= count) tell();
        else watchers.push({ count, tell });
      }),
  };
}
