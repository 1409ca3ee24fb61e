import { POOLING_MODES, type PoolingMode } from '@rag/embedding';
import { Command } from 'commander';
import { ConfigError } from '../config/config-error.js';
import { choice, flag, text, wholeNumber } from '../config/kind.js';
import { secretOf } from '../distill/secret.js';
import { underNames } from '../recipes/open-model.js';
import type { Served } from '../serve/http-server.js';
import { serve } from '../serve/serve.js';
import type { CommandStreams } from './command-line.js';
import { flagParser } from './flag-parser.js';
import { addHubFlags, type HubFlags, hubFlagNames, hubOptions } from './hub-flags.js';

const providers = ['cpu', 'cuda', 'webgpu', 'auto'] as const;

interface Flags extends HubFlags {
  readonly embedding?: string;
  readonly colbert?: string;
  readonly reranker?: string;
  readonly host: string;
  readonly port: number;
  readonly api_key_env?: string;
  readonly served_model_name?: string;
  readonly max_batch_tokens?: number;
  readonly max_batch_requests?: number;
  readonly max_queue: number;
  readonly max_client_batch_size: number;
  readonly payload_limit: number;
  readonly auto_truncate: boolean;
  readonly request_timeout: number;
  readonly shutdown_timeout: number;
  readonly max_len?: number;
  readonly pooling?: PoolingMode;
  readonly provider?: (typeof providers)[number];
  readonly threads?: number;
  readonly tokenization_workers: number;
}

const count = (name: string, least = 1) => flagParser(name, wholeNumber(least));
const port = flagParser('--port', {
  ...wholeNumber(0),
  expected: 'a port from 0 to 65535',
  schema: wholeNumber(0).schema.refine((value) => value <= 65_535),
});

/** `rag serve`: embedding model, ColBERT model and reranker behind one process, until SIGINT or SIGTERM. */
export function serveCommand(streams: CommandStreams): Command {
  return addHubFlags(new Command('serve'))
    .description("serve models over HTTP: Text Embeddings Inference's routes and OpenAI's /v1/embeddings")
    .option(
      '--embedding <name>',
      'embedding model: directory, or a name of the hub',
      flagParser('--embedding', text),
    )
    .option('--colbert <name>', 'ColBERT model', flagParser('--colbert', text))
    .option('--reranker <name>', 'reranker of any kind', flagParser('--reranker', text))
    .option('--host <address>', 'address to listen on', flagParser('--host', text), '127.0.0.1')
    .option('--port <n>', 'port to listen on; 0 takes a free one', port, 3000)
    .option(
      '--api_key_env <name>',
      'variable with the key that clients send as "authorization: Bearer …"; without it all are let in',
      flagParser('--api_key_env', text),
    )
    .option(
      '--served_model_name <name>',
      "what OpenAI's route calls the embedding model; without it its name",
      flagParser('--served_model_name', text),
    )
    .option(
      '--max_batch_tokens <n>',
      'most tokens of a batch (default 4096 on a CPU, 16384 on a GPU)',
      count('--max_batch_tokens'),
    )
    .option('--max_batch_requests <n>', 'most inputs of a batch', count('--max_batch_requests'))
    .option(
      '--max_queue <n>',
      'most inputs of a model that wait or run, then 429',
      count('--max_queue', 2),
      512,
    )
    .option(
      '--max_client_batch_size <n>',
      'most texts of a request, then 413',
      count('--max_client_batch_size'),
      32,
    )
    .option('--payload_limit <bytes>', 'most bytes of a body, then 413', count('--payload_limit'), 2_000_000)
    .option(
      '--auto_truncate [true|false]',
      'cut inputs that are too long where a request does not say',
      flagParser('--auto_truncate', flag),
      true,
    )
    .option(
      '--request_timeout <ms>',
      'in which a request arrives and an answer is taken',
      count('--request_timeout'),
      30_000,
    )
    .option(
      '--shutdown_timeout <ms>',
      'in which requests are finished at the end',
      count('--shutdown_timeout'),
      30_000,
    )
    .option('--max_len <n>', "tokens of a reranker's pair, special ones included", count('--max_len', 5))
    .option(
      '--pooling <mode>',
      `pooling of an embedding model that says none: ${POOLING_MODES.join(', ')}`,
      flagParser('--pooling', choice(POOLING_MODES)),
    )
    .option(
      '--provider <name>',
      `where models run: ${providers.join(', ')}`,
      flagParser('--provider', choice(providers)),
    )
    .option('--threads <n>', 'threads of ONNX Runtime, for each model', count('--threads'))
    .option(
      '--tokenization_workers <n>',
      'threads that tokenize for the embedding model',
      count('--tokenization_workers', 0),
      1,
    )
    .action((flags: Flags) => run(flags, streams));
}

async function run(flags: Flags, { stdout, stderr }: CommandStreams): Promise<void> {
  const { embedding, colbert, reranker, api_key_env } = flags;
  if (!embedding && !colbert && !reranker)
    throw new ConfigError(
      'serve',
      undefined,
      'expected --embedding, --colbert or --reranker, got none — pass one',
    );
  if (flags.max_client_batch_size >= flags.max_queue)
    throw new ConfigError(
      '--max_client_batch_size',
      undefined,
      `expected less than --max_queue (${flags.max_queue}), got ${flags.max_client_batch_size} — such a request would never be taken`,
    );
  if (api_key_env !== undefined) secretOf(api_key_env, process.env[api_key_env]);
  const served = await underNames({ ...hubFlagNames, maxLength: '--max_len', pooling: '--pooling' }, () =>
    serve({ ...optionsOf(flags), hub: hubOptions(flags, stderr), log: (line) => stderr.write(`${line}\n`) }),
  ).catch((error: unknown) => {
    throw listenError(error, flags);
  });
  stdout.write(`serving on ${served.url}\n`);
  await untilSignal(served, (signal) => stdout.write(`${signal}: finishing what is under way\n`));
}

function optionsOf(flags: Flags): Parameters<typeof serve>[0] {
  const named = {
    embedding: flags.embedding,
    colbert: flags.colbert,
    reranker: flags.reranker,
    apiKey: flags.api_key_env === undefined ? undefined : process.env[flags.api_key_env],
    servedModelName: flags.served_model_name,
    maxBatchTokens: flags.max_batch_tokens,
    maxBatchRequests: flags.max_batch_requests,
    maxLength: flags.max_len,
    pooling: flags.pooling,
    provider: flags.provider,
    threads: flags.threads,
  };
  return {
    ...Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined)),
    host: flags.host,
    port: flags.port,
    maxQueue: flags.max_queue,
    maxClientBatchSize: flags.max_client_batch_size,
    payloadLimit: flags.payload_limit,
    autoTruncate: flags.auto_truncate,
    requestTimeout: flags.request_timeout,
    shutdownTimeout: flags.shutdown_timeout,
    tokenizationWorkers: flags.tokenization_workers,
  };
}

/** The first signal closes in order, a second one ends the program at once. */
async function untilSignal(served: Served, onSignal: (signal: string) => void): Promise<void> {
  let listeners: readonly (readonly [NodeJS.Signals, () => void])[] = [];
  const signal = await new Promise<string>((resolve) => {
    listeners = (['SIGINT', 'SIGTERM'] as const).map((name) => [name, () => resolve(name)] as const);
    for (const [name, listener] of listeners) process.once(name, listener);
  });
  for (const [name, listener] of listeners) process.off(name, listener);
  onSignal(signal);
  await served.close();
}

function listenError(error: unknown, { host, port: asked }: Flags): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const why = {
    EADDRINUSE: `--port: expected a free port of ${host}, got ${asked}, which is in use — choose another, or 0`,
    EACCES: `--port: expected a port that this user may take, got ${asked} — choose one from 1024 on`,
    EADDRNOTAVAIL: `--host: expected an address of this machine, got ${host} — 0.0.0.0 takes all`,
    ENOTFOUND: `--host: expected an address of this machine, got ${host} — 0.0.0.0 takes all`,
  }[code ?? ''];
  return why === undefined ? error : new Error(why, { cause: error });
}
