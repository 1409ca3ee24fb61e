import { version } from '../node/version.js';
import { closeModels, httpServer, type Served } from './http-server.js';
import { type ModelsToServe, openServedModels } from './open-served-models.js';
import { DEFAULT_QUEUE } from './queue-limits.js';
import { serveMetrics } from './serve-metrics.js';
import { serverInfo } from './server-info.js';

/** What a server takes from its clients. */
export interface ServeLimits {
  /** Most tokens of a batch; by default 4096 on a CPU, 16384 elsewhere. */
  readonly maxBatchTokens?: number;
  /** Most inputs of a batch; by default as many as the tokens allow. */
  readonly maxBatchRequests?: number;
  /** Most inputs of a model that wait or run; more are refused (429). 512 by default. */
  readonly maxQueue?: number;
  /** Most texts of a request; 32 by default. */
  readonly maxClientBatchSize?: number;
  /** Most bytes of a body; 2,000,000 by default. */
  readonly payloadLimit?: number;
  /** Whether inputs that are too long lose their end where the request does not say; true by default. */
  readonly autoTruncate?: boolean;
  /** Milliseconds in which a request has to arrive, and an answer to be taken; 30,000 by default. */
  readonly requestTimeout?: number;
  /** Milliseconds that requests under way have when the server closes; 30,000 by default. */
  readonly shutdownTimeout?: number;
}

export interface ServeOptions extends ServeLimits, ModelsToServe {
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** 0 takes a free one. @default 3000 */
  readonly port?: number;
  /** Asked for as `authorization: Bearer …`, but for `/health` and `/metrics`. */
  readonly apiKey?: string;
  /** A line about a failure of the server's own; none holds texts of users. */
  readonly log?: (line: string) => void;
}

/**
 * Serves models over HTTP: Text Embeddings Inference's routes and OpenAI's `/v1/embeddings`. Inputs of many clients share batches.
 * @throws RangeError without a model or for limits that contradict each other, and what opening the models and listening throw
 */
export async function serve(options: ServeOptions): Promise<Served> {
  const limits = checkLimits(options);
  const metrics = serveMetrics();
  const { models, batchTokens, dispose } = await openServedModels(options, metrics.onBatch);
  metrics.watch(models);
  try {
    const workers = options.tokenizationWorkers ?? 1;
    const info = serverInfo(models, {
      ...limits,
      version,
      maxBatchTokens: batchTokens,
      maxBatchRequests: options.maxBatchRequests,
      tokenizationWorkers: workers,
    });
    const { apiKey, log = () => {}, host = '127.0.0.1', port = 3000 } = options;
    const { requestTimeout: writeTimeout } = limits;
    const server = await httpServer(
      { ...limits, models, metrics, info, log, writeTimeout, ...(apiKey !== undefined && { apiKey }) },
      { ...limits, host, port },
    );
    return { url: server.url, close: () => server.close().then(dispose) };
  } catch (error) {
    await closeModels(models);
    dispose();
    throw error;
  }
}

function checkLimits(options: ServeOptions) {
  const { maxQueue = DEFAULT_QUEUE, maxClientBatchSize = Math.min(32, maxQueue - 1) } = options;
  // A query of a ColBERT model and a source of /similarity take places too.
  if (maxClientBatchSize + 1 > maxQueue)
    throw new RangeError(
      `maxClientBatchSize: expected less than maxQueue (${maxQueue}), got ${maxClientBatchSize} — such a request would never be taken`,
    );
  const { payloadLimit = 2_000_000, autoTruncate = true } = options;
  const { requestTimeout = 30_000, shutdownTimeout = 30_000 } = options;
  return { maxQueue, maxClientBatchSize, payloadLimit, autoTruncate, requestTimeout, shutdownTimeout };
}
