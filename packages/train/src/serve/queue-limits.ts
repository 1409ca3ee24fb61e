import type { Provider } from '@rag/runtime';
import type { BatchEvent } from './batcher.js';

/** How the inputs of a model are queued and packed. */
export interface QueueLimits {
  /** Most tokens of a batch; by default 4096 on a CPU, 16384 elsewhere. */
  readonly maxBatchTokens?: number;
  /** Most inputs of a batch; by default as many as the tokens allow. */
  readonly maxBatchRequests?: number;
  /** Most inputs of a model that have a place; 512 by default. */
  readonly maxQueue?: number;
  readonly onBatch?: (event: BatchEvent) => void;
}

/** A batch of a CPU is short, since what comes meanwhile waits for its end. */
export const defaultBatchTokens = (provider: Provider): number =>
  provider === 'cpu' || provider === 'wasm' ? 4096 : 16384;

export const DEFAULT_QUEUE = 512;

/** The limits that a batcher takes. */
export const batcherLimits = (provider: Provider, limits: QueueLimits) => ({
  maxBatchTokens: limits.maxBatchTokens ?? defaultBatchTokens(provider),
  maxBatchInputs: limits.maxBatchRequests ?? Number.POSITIVE_INFINITY,
  maxQueue: limits.maxQueue ?? DEFAULT_QUEUE,
  ...(limits.onBatch && { onBatch: limits.onBatch }),
});
