import { ColBERT } from '@rag/colbert';
import { Embedding, type PoolingMode } from '@rag/embedding';
import type { HubOptions } from '@rag/models/node';
import { Reranker } from '@rag/reranker';
import type { Provider, ProviderChoice } from '@rag/runtime';
import type { BatchEvent } from './batcher.js';
import { colbertService } from './colbert-service.js';
import { embeddingService } from './embedding-service.js';
import { closeModels } from './http-server.js';
import { defaultBatchTokens, type QueueLimits } from './queue-limits.js';
import { rerankerService } from './reranker-service.js';
import type { ServedModels } from './served-model.js';

/** The models of a server, and how those are opened that are given by name. */
export interface ModelsToServe {
  /** A directory or a name of the hub, which is opened and let go here; or a model, which stays the caller's. */
  readonly embedding?: string | Embedding;
  readonly colbert?: string | ColBERT;
  /** Of any kind. */
  readonly reranker?: string | Reranker;
  /** What the embedding model is called; by default its name, or the last part of its directory's. */
  readonly servedModelName?: string;
  readonly hub?: HubOptions;
  readonly provider?: ProviderChoice;
  /** Threads of ONNX Runtime, for each model. */
  readonly threads?: number;
  /** Of an embedding model that says none. */
  readonly pooling?: PoolingMode;
  /** Tokens of a reranker's pair; by default 512, or what the model has positions for. */
  readonly maxLength?: number;
  /** Threads that tokenize for the embedding model; 1 by default, 0 tokenizes in this one. */
  readonly tokenizationWorkers?: number;
}

interface OpenModel {
  readonly provider: Provider;
  dispose(): void;
}

/** Models that are open. */
export interface OpenServedModels {
  readonly models: ServedModels;
  /** Most tokens of a batch of the first. */
  readonly batchTokens: number;
  /** Lets those go that were opened here. */
  dispose(): void;
}

/** Opens what is given by name and puts a queue before each model. @throws what opening throws; what was opened before is let go then */
export async function openServedModels(
  options: ModelsToServe & Omit<QueueLimits, 'onBatch'>,
  onBatch: (model: keyof ServedModels, event: BatchEvent) => void,
): Promise<OpenServedModels> {
  const { threads, provider, pooling, maxLength, tokenizationWorkers: workers = 1 } = options;
  const { maxBatchTokens, maxBatchRequests, maxQueue } = options;
  const opened: OpenModel[] = [];
  const dispose = () => {
    for (const model of opened.splice(0)) model.dispose();
  };
  const open = {
    ...options.hub,
    ...(provider !== undefined && { provider }),
    // Leaves the event loop free while it computes; other providers have it so by themselves.
    ...((provider ?? 'cpu') === 'cpu' && { driver: 'ffi' as const }),
    ...(threads !== undefined && { threads }),
  };
  const limitsOf = (kind: keyof ServedModels) => ({
    ...(maxBatchTokens !== undefined && { maxBatchTokens }),
    ...(maxBatchRequests !== undefined && { maxBatchRequests }),
    ...(maxQueue !== undefined && { maxQueue }),
    onBatch: (event: BatchEvent) => onBatch(kind, event),
  });
  const models: { -readonly [Kind in keyof ServedModels]: ServedModels[Kind] } = {};
  let batchTokens: number | undefined;
  const opening = async <Model extends OpenModel>(
    given: string | Model,
    from: (name: string) => Promise<Model>,
  ): Promise<Model> => {
    const model = typeof given === 'string' ? await from(given) : given;
    if (typeof given === 'string') opened.push(model);
    batchTokens ??= maxBatchTokens ?? defaultBatchTokens(model.provider);
    return model;
  };
  try {
    if (options.embedding) {
      const model = await opening(options.embedding, (name) =>
        Embedding.fromPretrained(name, { ...open, ...(pooling !== undefined && { pooling }) }),
      );
      const name = options.servedModelName ?? nameOf(options.embedding, 'embedding');
      models.embedding = await embeddingService(name, model, { ...limitsOf('embedding'), workers });
    }
    if (options.reranker) {
      const model = await opening(options.reranker, (name) =>
        Reranker.fromPretrained(name, { ...open, newHead: false }),
      );
      const pairs = maxLength === undefined ? {} : { maxLength };
      const limits = { ...limitsOf('reranker'), ...pairs };
      models.reranker = rerankerService(nameOf(options.reranker, 'reranker'), model, limits);
    }
    if (options.colbert) {
      const model = await opening(options.colbert, (name) =>
        ColBERT.fromPretrained(name, { ...open, newHead: false }),
      );
      models.colbert = colbertService(nameOf(options.colbert, 'colbert'), model, limitsOf('colbert'));
    }
    if (batchTokens === undefined)
      throw new RangeError('serve: expected embedding, colbert or reranker, got no model — give one');
    return { models, batchTokens, dispose };
  } catch (error) {
    await closeModels(models);
    dispose();
    throw error;
  }
}

/** A name of the hub as it is, of a directory the last part: clients have no need of the server's paths. */
function nameOf(given: unknown, kind: string): string {
  if (typeof given !== 'string') return kind;
  if (/^[\w.-]+\/[\w.-]+$/.test(given) && !given.startsWith('.')) return given;
  return (
    given
      .replace(/[/\\]+$/, '')
      .split(/[/\\]/)
      .at(-1) || kind
  );
}
