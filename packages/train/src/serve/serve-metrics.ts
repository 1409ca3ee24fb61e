import type { BatchEvent } from './batcher.js';
import { COUNTS, createMetrics, SECONDS } from './metrics.js';
import type { Answer } from './model-queue.js';
import type { ServedModels } from './served-model.js';

/** What a server counts, under the names of Text Embeddings Inference, so that dashboards made for it show it. */
export function serveMetrics() {
  const metrics = createMetrics();
  const count = metrics.counter('te_request_count', 'Requests that a route took');
  const success = metrics.counter('te_request_success', 'Requests that were answered');
  const failure = metrics.counter('te_request_failure', 'Requests that were refused, by what was wrong');
  const seconds = (name: string, help: string) => metrics.histogram(name, help, SECONDS);
  const duration = seconds('te_request_duration', 'Seconds from the request to its answer');
  const tokenization = seconds('te_request_tokenization_duration', 'Seconds of tokenizing');
  const queue = seconds('te_request_queue_duration', 'Seconds in the queue');
  const inference = seconds('te_request_inference_duration', 'Seconds in runs of the model');
  const length = metrics.histogram('te_request_input_length', 'Tokens of an input', COUNTS);
  const size = metrics.histogram('te_batch_next_size', 'Inputs of a batch', COUNTS);
  const tokens = metrics.histogram('te_batch_next_tokens', 'Tokens of a batch', COUNTS);
  const run = seconds('te_batch_inference_duration', 'Seconds of a batch');
  return {
    text: metrics.text,
    /** The models whose queues are shown. */
    watch: (models: ServedModels): void =>
      metrics.gauge('te_queue_size', 'Inputs that have a place in the queue', () =>
        Object.entries(models).map(([model, { held }]) => [{ model }, held] as const),
      ),
    onBatch: (model: string, event: BatchEvent): void => {
      size({ model }, event.inputs);
      tokens({ model }, event.tokens);
      run({ model }, event.milliseconds / 1000);
    },
    onRequest: (route: string): void => count({ route }),
    onAnswer: (route: string, milliseconds: number): void => {
      success({ route });
      duration({ route }, milliseconds / 1000);
    },
    onModel: (route: string, { tokens: lengths, timing }: Answer<unknown>): void => {
      for (const one of lengths) length({ route }, one);
      tokenization({ route }, timing.tokenization / 1000);
      queue({ route }, timing.queue / 1000);
      inference({ route }, timing.inference / 1000);
    },
    onFailure: (route: string, err: string): void => failure({ route, err }),
  };
}

export type ServeMetrics = ReturnType<typeof serveMetrics>;
