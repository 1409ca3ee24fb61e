import { Embedding, POOLING_MODES, type PoolingMode } from '@rag/embedding';
import type { Command } from 'commander';
import { anyText, choice, flag, wholeNumber } from '../config/kind.js';
import { openModel, underNames } from '../recipes/open-model.js';
import type { CommandStreams } from './command-line.js';
import { flagParser } from './flag-parser.js';
import { addHubFlags, type HubFlags, hubFlagNames, hubOptions } from './hub-flags.js';
import { addOnnxFlag, type OnnxFlag, onnxFlagName, onnxOption } from './onnx-flag.js';

/** The flags of commands that encode with an embedding model. */
export interface EmbeddingFlags extends HubFlags, OnnxFlag {
  readonly model: string;
  readonly pooling?: PoolingMode;
  readonly dim?: number;
  readonly batch_size?: number;
  readonly threads?: number;
}

/** Adds them to a command. */
export function addEmbeddingFlags(command: Command): Command {
  const count = (name: string) => flagParser(name, wholeNumber(1));
  return addOnnxFlag(addHubFlags(command))
    .requiredOption('--model <name>', 'model directory, or a name of the hub')
    .option(
      '--pooling <mode>',
      `pooling of a checkpoint that says none: ${POOLING_MODES.join(', ')}`,
      flagParser('--pooling', choice(POOLING_MODES)),
    )
    .option('--dim <n>', 'elements kept of each vector', count('--dim'))
    .option('--batch_size <n>', 'texts per batch', count('--batch_size'))
    .option('--threads <n>', 'threads of ONNX Runtime', count('--threads'));
}

/** A flag of a text that may be empty. */
export const textFlag = (name: string) => flagParser(name, anyText);
/** A flag of true or false. */
export const booleanFlag = (name: string) => flagParser(name, flag);

/** Opens the model, uses it, and disposes of it; what it refuses is said under its flag. */
export async function withEmbedding<T>(
  flags: EmbeddingFlags,
  { stderr }: CommandStreams,
  use: (model: Embedding) => Promise<T>,
): Promise<T> {
  const { model: name, pooling, threads } = flags;
  const open = () =>
    Embedding.fromPretrained(name, {
      ...hubOptions(flags, stderr),
      ...onnxOption(flags),
      ...(pooling !== undefined && { pooling }),
      ...(threads !== undefined && { threads }),
    });
  const model = await openModel(name, open, { ...hubFlagNames, ...onnxFlagName, pooling: '--pooling' });
  try {
    return await underNames({ dim: '--dim' }, () => use(model));
  } finally {
    model.dispose();
  }
}
