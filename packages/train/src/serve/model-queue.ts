import { performance } from 'node:perf_hooks';
import type { Batcher, BatchInput, BatchResult } from './batcher.js';

/** What a request came to. */
export interface Answer<Output> {
  /** In the order of its inputs. */
  readonly outputs: readonly Output[];
  /** Tokens of each input, special ones included. */
  readonly tokens: readonly number[];
  readonly timing: Timing;
}

/** Milliseconds of a request. */
export interface Timing {
  readonly tokenization: number;
  readonly queue: number;
  readonly inference: number;
}

/** A request's inputs once they are tokenized. */
export interface Prepared<Input> {
  readonly inputs: readonly BatchInput<Input>[];
  readonly group?: string;
}

/**
 * Takes places in a model's queue, tokenizes, and waits for the outputs; the places are given back whatever happens.
 * @throws QueueFullError before anything is tokenized, and what `prepare` and the batcher throw
 */
export async function throughQueue<Input, Output>(
  batcher: Batcher<Input, Output>,
  count: number,
  prepare: () => Promise<Prepared<Input>>,
  signal: AbortSignal | undefined,
): Promise<Answer<Output>> {
  const place = batcher.reserve(count);
  try {
    const started = performance.now();
    const { inputs, group } = await prepare();
    const tokenization = performance.now() - started;
    const result: BatchResult<Output> = await place.submit(inputs, {
      ...(signal && { signal }),
      ...(group !== undefined && { group }),
    });
    const timing = { tokenization, queue: result.queued, inference: result.inference };
    return { outputs: result.outputs, tokens: inputs.map(({ tokens }) => tokens), timing };
  } finally {
    place.release();
  }
}
