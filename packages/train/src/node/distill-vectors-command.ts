import { POOLING_MODES, type PoolingMode } from '@rag/embedding';
import { Command } from 'commander';
import { ConfigError } from '../config/config-error.js';
import { choice, wholeNumber } from '../config/kind.js';
import { type TeacherFormat, teacherFormats } from '../distill/teacher-codec.js';
import type { CommandStreams } from './command-line.js';
import { distillVectors } from './distill-vectors.js';
import { encodeProgress } from './encode-progress.js';
import { flagParser } from './flag-parser.js';
import { addHubFlags, type HubFlags, hubOptions } from './hub-flags.js';
import { addInputFlags, type InputFlags } from './input-flags.js';
import { interruptible } from './interrupt.js';

interface Flags extends HubFlags, InputFlags {
  readonly teachers: readonly string[];
  readonly weights?: readonly string[];
  readonly prompts?: readonly string[];
  readonly pooling?: PoolingMode;
  readonly input: readonly string[];
  readonly output: string;
  readonly format?: TeacherFormat;
  readonly max_len?: number;
  readonly batch_size?: number;
  readonly threads?: number;
  readonly overwrite?: boolean;
}

/** `rag distill vectors`: the vectors of one teacher or several side by side, to a file that training reads, and its manifest. */
export function distillVectorsCommand(streams: CommandStreams): Command {
  const count = (name: string, least: number) => flagParser(name, wholeNumber(least));
  const command = new Command('vectors').description(
    'write the vectors of texts by one embedding model or several, for a student to learn from',
  );
  return addInputFlags(addHubFlags(command))
    .requiredOption('--teachers <name...>', 'embedding models: directories, or names of the hub')
    .option('--weights <n...>', 'one per teacher: what its vectors of length 1 are multiplied with')
    .option(
      '--prompts <text...>',
      'one per teacher: text before every text, "" for none; without it as the models say',
    )
    .option(
      '--pooling <mode>',
      `pooling of checkpoints that say none: ${POOLING_MODES.join(', ')}`,
      flagParser('--pooling', choice(POOLING_MODES)),
    )
    .requiredOption('--input <path...>', 'JSON lines (.jsonl) or a text per line (.txt), in this order')
    .requiredOption('--output <file>', 'file to write; its manifest is <file>.json')
    .option(
      '--format <name>',
      `${teacherFormats.join(', ')}; without it as the name ends, or memmap: float32 without a header`,
      flagParser('--format', choice(teacherFormats)),
    )
    .option('--max_len <n>', 'tokens of a text, special ones included', count('--max_len', 3))
    .option('--batch_size <n>', 'texts per batch', count('--batch_size', 1))
    .option('--threads <n>', 'threads of ONNX Runtime', count('--threads', 1))
    .option('--overwrite', 'replace a file that is there, or an unfinished one of other input or settings')
    .action((flags: Flags) => run(flags, streams));
}

async function run(flags: Flags, { stdout, stderr }: CommandStreams): Promise<void> {
  const {
    teachers,
    input,
    output,
    input_format,
    field,
    format,
    max_len,
    batch_size,
    threads,
    overwrite,
    pooling,
  } = flags;
  const weights = perTeacher('--weights', teachers, flags.weights)?.map(positive);
  const prompts = perTeacher('--prompts', teachers, flags.prompts);
  const shown = encodeProgress(stdout);
  try {
    const { rows, dim } = await interruptible('interrupted', (signal) =>
      distillVectors({
        input,
        output,
        teachers: teachers.map((model, i) => ({
          model,
          ...(weights && { weight: weights[i]! }),
          ...(prompts && { prompt: prompts[i]! }),
          ...(pooling !== undefined && { pooling }),
        })),
        hub: hubOptions(flags, stderr),
        ...(input_format !== undefined && { inputFormat: input_format }),
        ...(field !== undefined && { field }),
        ...(format !== undefined && { format }),
        ...(max_len !== undefined && { maxLength: max_len }),
        ...(batch_size !== undefined && { batchSize: batch_size }),
        ...(threads !== undefined && { threads }),
        ...(overwrite && { overwrite }),
        signal,
        say: shown.say,
        onProgress: shown.update,
      }),
    );
    shown.say(
      `${output}: ${rows.toLocaleString('en')} vectors, train with --train_dataset_vec ${output} --teacher_embedding_dim ${dim}`,
    );
  } finally {
    shown.end();
  }
}

function perTeacher(flag: string, teachers: readonly string[], given: readonly string[] | undefined) {
  if (given === undefined || given.length === teachers.length) return given;
  throw new ConfigError(flag, undefined, `expected ${teachers.length}, one per teacher, got ${given.length}`);
}

function positive(given: string): number {
  const weight = /^\+?(\d+\.?\d*|\.\d+)$/.test(given) ? Number(given) : Number.NaN;
  if (weight > 0) return weight;
  throw new ConfigError('--weights', undefined, `expected numbers above 0, got ${JSON.stringify(given)}`);
}
