import { Reranker, type ScoreOptions } from '@rag/reranker';
import type { Command } from 'commander';
import { wholeNumber } from '../config/kind.js';
import { openModel, underNames } from '../recipes/open-model.js';
import type { CommandStreams } from './command-line.js';
import { flagParser } from './flag-parser.js';
import { addHubFlags, type HubFlags, hubFlagNames, hubOptions } from './hub-flags.js';
import { addOnnxFlag, type OnnxFlag, onnxFlagName, onnxOption } from './onnx-flag.js';
import { addTemplateFlags, type TemplateFlags, templateOptions } from './template-flags.js';

/** The flags of commands that open a model and score with it. */
export interface ModelFlags extends HubFlags, OnnxFlag, TemplateFlags {
  readonly model: string;
  readonly max_len?: number;
  readonly batch_size?: number;
  readonly threads?: number;
}

/** Adds them to a command. */
export function addModelFlags(command: Command): Command {
  const scoring = addOnnxFlag(addHubFlags(command))
    .requiredOption('--model <name>', 'model directory, or a name of the hub')
    .option(
      '--max_len <n>',
      'tokens of a pair, special ones included; without it what the model states that it was trained on, or 512',
      flagParser('--max_len', wholeNumber(5)),
    )
    .option('--batch_size <n>', 'pairs per batch', flagParser('--batch_size', wholeNumber(1)))
    .option('--threads <n>', 'threads of ONNX Runtime', flagParser('--threads', wholeNumber(1)));
  return addTemplateFlags(scoring);
}

/** Opens the model, uses it, and disposes of it. */
export async function withModel<T>(
  flags: ModelFlags,
  { stderr }: CommandStreams,
  use: (model: Reranker, options: ScoreOptions) => Promise<T>,
): Promise<T> {
  const { model: name, threads, max_len, batch_size } = flags;
  const { options, names } = templateOptions(flags);
  const open = () =>
    Reranker.fromPretrained(name, {
      ...hubOptions(flags, stderr),
      ...onnxOption(flags),
      ...options,
      newHead: false,
      ...(threads !== undefined && { threads }),
    });
  const model = await openModel(name, open, { ...hubFlagNames, ...onnxFlagName, ...names });
  try {
    return await underNames({ maxLength: '--max_len' }, () =>
      use(model, {
        ...(max_len !== undefined && { maxLength: max_len }),
        ...(batch_size !== undefined && { batchSize: batch_size }),
      }),
    );
  } finally {
    model.dispose();
  }
}
