import { CrossEncoder, type ScoreOptions } from '@rag/reranker';
import type { Command } from 'commander';
import { ConfigError } from '../config/config-error.js';
import { type Kind, wholeNumber } from '../config/kind.js';

/** The flags of commands that open a model and score with it. */
export interface ModelFlags {
  readonly model: string;
  readonly max_len?: number;
  readonly batch_size?: number;
  readonly threads?: number;
}

/** Adds them to a command. */
export function addModelFlags(command: Command): Command {
  return command
    .requiredOption('--model <name>', 'model directory, or a name of the hub')
    .option(
      '--max_len <n>',
      'tokens of a pair, special ones included',
      flagParser('--max_len', wholeNumber(5)),
    )
    .option('--batch_size <n>', 'pairs per batch', flagParser('--batch_size', wholeNumber(1)))
    .option('--threads <n>', 'threads of ONNX Runtime', flagParser('--threads', wholeNumber(1)));
}

/** Checks a flag's text as its kind says; throws ConfigError. */
export function flagParser<Value>(flag: string, kind: Kind<Value, unknown>): (text: string) => Value {
  return (text) => {
    const result = kind.schema.safeParse(kind.fromText(text));
    if (result.success) return result.data;
    throw new ConfigError(flag, undefined, `expected ${kind.expected}, got ${JSON.stringify(text)}`);
  };
}

/** Opens the model, uses it, and disposes of it. */
export async function withModel<T>(
  { model: directory, threads, max_len, batch_size }: ModelFlags,
  use: (model: CrossEncoder, options: ScoreOptions) => Promise<T>,
): Promise<T> {
  const model = await CrossEncoder.fromPretrained(directory, {
    newHead: false,
    ...(threads !== undefined && { threads }),
  });
  try {
    return await use(model, {
      ...(max_len !== undefined && { maxLength: max_len }),
      ...(batch_size !== undefined && { batchSize: batch_size }),
    });
  } finally {
    model.dispose();
  }
}
