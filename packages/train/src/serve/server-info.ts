import type { ServedModel, ServedModels } from './served-model.js';

/** What `/info` says beside the models. */
export interface InfoSettings {
  readonly version: string;
  readonly maxQueue: number;
  readonly maxBatchTokens: number;
  readonly maxBatchRequests: number | undefined;
  readonly maxClientBatchSize: number;
  readonly autoTruncate: boolean;
  readonly tokenizationWorkers: number;
}

/** The body of `/info` as Text Embeddings Inference has it, of the first model, with all of them under `models`. */
export function serverInfo(models: ServedModels, settings: InfoSettings) {
  const all = Object.values(models) as readonly ServedModel[];
  const described = all.map(({ name, modelType, maxInputLength }) => ({
    model_id: name,
    model_sha: null,
    model_dtype: 'float32',
    served_model_name: name,
    model_type: modelType,
    max_input_length: maxInputLength,
  }));
  return {
    ...described[0],
    max_concurrent_requests: settings.maxQueue,
    max_batch_tokens: settings.maxBatchTokens,
    max_batch_requests: settings.maxBatchRequests ?? null,
    max_client_batch_size: settings.maxClientBatchSize,
    auto_truncate: settings.autoTruncate,
    tokenization_workers: settings.tokenizationWorkers,
    version: settings.version,
    sha: null,
    docker_label: null,
    models: described,
  };
}
