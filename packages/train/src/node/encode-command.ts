import { availableParallelism, hostname } from 'node:os';
import type { Embedding, EncodeOptions } from '@rag/embedding';
import { type HubOptions, openHubOrDirectory } from '@rag/models/node';
import type { Collective } from '@rag/runtime';
import { Command } from 'commander';
import { ConfigError } from '../config/config-error.js';
import { choice, wholeNumber } from '../config/kind.js';
import { agreedSignal } from '../distributed/agreed-signal.js';
import { encoderOfRank, unfinishedFileOfRank } from '../distributed/rank-encoder.js';
import { ranksOnHost } from '../distributed/ranks-on-host.js';
import { type EncodeJob, encodeFile } from '../encode/encode-file.js';
import type { EncodeSettings } from '../encode/progress-note.js';
import { formatOfName, type OutputFormat, vectorCodec, vectorFormats } from '../encode/vector-codec.js';
import { formatCount } from '../progress-text.js';
import { underNames } from '../recipes/open-model.js';
import { openSources } from '../run-files.js';
import type { CommandStreams } from './command-line.js';
import {
  addEmbeddingFlags,
  booleanFlag,
  type EmbeddingFlags,
  textFlag,
  withEmbedding,
} from './embedding-flags.js';
import { type EncodeProgress, encodeProgress } from './encode-progress.js';
import { flagParser } from './flag-parser.js';
import { hubOptions } from './hub-flags.js';
import { addInputFlags, type InputFlags, inputParser, kindOfFiles } from './input-flags.js';
import { InterruptedError, interruptible } from './interrupt.js';
import { inLaunchedJob } from './launched-job.js';
import { modelFingerprint } from './model-fingerprint.js';
import { nodeFiles } from './node-files.js';
import { streamsOfRank } from './rank-streams.js';
import { openUnfinishedFile } from './unfinished-file.js';
import { type OpenedVectorEncoder, vectorEncoder } from './vector-encoder.js';

interface Flags extends EmbeddingFlags, InputFlags {
  readonly input: readonly string[];
  readonly output: string;
  readonly format?: OutputFormat;
  readonly prompt?: string;
  readonly prompt_name?: string;
  readonly normalize?: boolean;
  readonly max_len?: number;
  readonly tokenizer_workers?: number;
  readonly overwrite?: boolean;
}

/** `rag encode`: a vector for each row of JSON lines or each line of text, to a file; gone on with after it was killed. */
export function encodeCommand(streams: CommandStreams): Command {
  const command = new Command('encode').description(
    'write the vectors of texts; the same command goes on with a file that was not finished',
  );
  return addInputFlags(addEmbeddingFlags(command))
    .requiredOption('--input <path...>', 'JSON lines (.jsonl) or a text per line (.txt), in this order')
    .requiredOption('--output <file>', `file to write: ${vectorFormats.map((name) => `.${name}`).join(', ')}`)
    .option(
      '--format <name>',
      `what to write, where the name does not say: ${vectorFormats.join(', ')}`,
      flagParser('--format', choice(vectorFormats)),
    )
    .option('--prompt <text>', 'text before every text', textFlag('--prompt'))
    .option('--prompt_name <name>', 'a prompt of the model', textFlag('--prompt_name'))
    .option(
      '--normalize [true|false]',
      'divide vectors by their length; without it as the model says',
      booleanFlag('--normalize'),
    )
    .option(
      '--max_len <n>',
      'tokens of a text, special ones included',
      flagParser('--max_len', wholeNumber(3)),
    )
    .option(
      '--tokenizer_workers <n>',
      'threads that tokenize while the model computes; without it none, which is enough for a model on this CPU',
      flagParser('--tokenizer_workers', wholeNumber(0)),
    )
    .option('--overwrite', 'replace a file that is there, or an unfinished one of other input or settings')
    .action((flags: Flags) => inLaunchedJob((collective) => encode(flags, streams, collective)));
}

async function encode(asked: Flags, told: CommandStreams, collective: Collective | undefined): Promise<void> {
  const streams = streamsOfRank(told, collective);
  const { stdout, stderr } = streams;
  const flags = await ofThisProcess(asked, collective);
  const format = flags.format ?? formatOfName(flags.output) ?? unknownFormat(flags.output);
  const parse = inputParser('--input', flags.input, flags);
  const overwrite = flags.overwrite ?? false;
  const opened = await openUnfinishedFile(flags.output, { overwrite });
  const file = collective ? unfinishedFileOfRank(opened, collective) : opened;
  // What all have looked at one of them changes.
  await collective?.barrier();
  const sources = await openSources(nodeFiles, flags.input);
  let progress: EncodeProgress | undefined;
  let encoder: OpenedVectorEncoder | undefined;
  try {
    await withEmbedding(flags, streams, async (model) => {
      const options = encodeOptions(flags);
      // Options that the model refuses are an error before anything is written.
      await underNames({ maxLength: '--max_len', promptName: '--prompt_name' }, () =>
        model.encode([], options),
      );
      const width = options.dim ?? Math.min(model.settings.truncate_dim ?? model.dimension, model.dimension);
      const shown = encodeProgress(stdout);
      progress = shown;
      const started = Date.now();
      let here = 0;
      encoder = await vectorEncoder(model, width, options, flags.tokenizer_workers ?? 0);
      const job: EncodeJob = {
        sources,
        parse,
        codec: await vectorCodec(format, width),
        encoder,
        file,
        settings: async () => ({
          ...(await settingsOf(flags, model, { format, width, hub: hubOptions(flags, stderr) })),
          ...(collective && collective.size > 1 && { processes: collective.size }),
        }),
        overwrite,
        say: shown.say,
        onProgress: (event) => {
          here = event.rowsHere;
          shown.update(event);
        },
      };
      const rows = await interruptible('interrupted', (signal) => {
        if (!collective) return encodeFile({ ...job, signal });
        const agreed = agreedSignal(
          collective,
          signal,
          () => new InterruptedError('another process was interrupted'),
        );
        const shared = encoderOfRank(job.encoder, collective, agreed.agree);
        return encodeFile({ ...job, encoder: shared, signal: agreed.signal });
      });
      const seconds = (Date.now() - started) / 1000;
      shown.say(
        `${flags.output}: ${rows.toLocaleString('en')} vectors of ${width} elements (${format}), ${formatCount(here / seconds)} rows/s`,
      );
    });
  } finally {
    progress?.end();
    await encoder?.close();
    for (const source of sources) await source.close();
  }
}

/** Threads of the host are shared by its processes. */
async function ofThisProcess(flags: Flags, collective: Collective | undefined): Promise<Flags> {
  if (!collective || collective.size === 1) return flags;
  const onHost = await ranksOnHost(collective, hostname());
  return { threads: Math.max(1, Math.floor(availableParallelism() / onHost)), ...flags };
}

const encodeOptions = ({
  prompt,
  prompt_name,
  dim,
  normalize,
  batch_size,
  max_len,
}: Flags): EncodeOptions => ({
  ...(prompt !== undefined && { prompt }),
  ...(prompt_name !== undefined && { promptName: prompt_name }),
  ...(dim !== undefined && { dim }),
  ...(normalize !== undefined && { normalize }),
  ...(batch_size !== undefined && { batchSize: batch_size }),
  ...(max_len !== undefined && { maxLength: max_len }),
});

/** Everything that the bytes of the file depend on, but for its input. */
async function settingsOf(
  { model: name, pooling, field, prompt, prompt_name, normalize, batch_size, max_len, ...flags }: Flags,
  model: Embedding,
  { format, width, hub }: { format: OutputFormat; width: number; hub: HubOptions },
): Promise<EncodeSettings> {
  const onnx = model.onnx === undefined ? {} : { onnx: model.onnx };
  return {
    model: await modelFingerprint(
      (await openHubOrDirectory(name, { ...hub, ...onnx })).directory,
      model.onnx,
    ),
    format,
    dim: width,
    input_format: kindOfFiles('--input', flags.input, flags),
    normalize: normalize ?? model.head.normalize,
    ...(pooling !== undefined && { pooling }),
    ...(field !== undefined && { field }),
    ...(prompt !== undefined && { prompt }),
    ...(prompt_name !== undefined && { prompt_name }),
    ...(batch_size !== undefined && { batch_size }),
    ...(max_len !== undefined && { max_len }),
  };
}

function unknownFormat(output: string): never {
  throw new ConfigError(
    '--output',
    undefined,
    `expected a name in ${vectorFormats.map((name) => `.${name}`).join(', ')}, got ${output} — rename it, or say which by --format`,
  );
}
