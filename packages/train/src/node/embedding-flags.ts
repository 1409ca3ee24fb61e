import { Embedding, POOLING_MODES, type PoolingMode } from '@rag/embedding';
import type { Command } from 'commander';
import { anyText, choice, flag, wholeNumber } from '../config/kind.js';
import { flagParser } from './model-flags.js';

/** The flags of commands that encode with an embedding model. */
export interface EmbeddingFlags {
  readonly model: string;
  readonly pooling?: PoolingMode;
  readonly dim?: number;
  readonly batch_size?: number;
  readonly threads?: number;
}

/** Adds them to a command. */
export function addEmbeddingFlags(command: Command): Command {
  const count = (name: string) => flagParser(name, wholeNumber(1));
  return command
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

/** Opens the model, uses it, and disposes of it. */
export async function withEmbedding<T>(
  { model: directory, pooling, threads }: EmbeddingFlags,
  use: (model: Embedding) => Promise<T>,
): Promise<T> {
  const model = await Embedding.fromPretrained(directory, {
    ...(pooling !== undefined && { pooling }),
    ...(threads !== undefined && { threads }),
  });
  try {
    return await use(model);
  } finally {
    model.dispose();
  }
}
