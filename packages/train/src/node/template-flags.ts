import type { RerankerOptions } from '@rag/reranker';
import type { Command } from 'commander';
import { ConfigError } from '../config/config-error.js';
import { wholeNumber } from '../config/kind.js';
import { checkTemplate, templateOf } from '../config/pair-template.js';
import type { NamesOfOptions } from '../recipes/open-model.js';
import { textFlag } from './embedding-flags.js';
import { flagParser } from './flag-parser.js';

/** How a decoder's pairs are written and scored; over its reranker_config.json, which is over what its modules state. */
export interface TemplateFlags {
  readonly query_format?: string;
  readonly document_format?: string;
  readonly query_instruction_for_rerank?: string;
  readonly query_instruction_format?: string;
  readonly passage_instruction_for_rerank?: string;
  readonly passage_instruction_format?: string;
  readonly seq?: string;
  readonly sep_token?: string;
  readonly special_token?: string;
  readonly prompt?: string;
  readonly cutoff_layers?: number;
}

const TEXTS: readonly (readonly [key: keyof TemplateFlags, help: string])[] = [
  ['query_format', 'text around a query, with {} in its place'],
  ['document_format', 'text around a passage, with {} in its place'],
  ['query_instruction_for_rerank', 'instruction before a query'],
  ['query_instruction_format', 'how instruction and query are joined (default {}{})'],
  ['passage_instruction_for_rerank', 'instruction before a passage'],
  ['passage_instruction_format', 'how instruction and passage are joined (default {}{})'],
  ['seq', 'text between query and passage'],
  ['sep_token', 'the same as --seq'],
  ['special_token', 'text after a passage'],
  ['prompt', "the question of FlagEmbedding's rerankers, the instruction of Qwen3-Reranker"],
];

/** Their names, in the order of the help. */
export const templateFlagNames: readonly (keyof TemplateFlags)[] = [
  ...TEXTS.map(([key]) => key),
  'cutoff_layers',
];

/** Adds them to a command. */
export function addTemplateFlags(command: Command): Command {
  for (const [key, help] of TEXTS)
    command.option(`--${key} <text>`, `${help}, for decoders`, textFlag(`--${key}`));
  return command.option(
    '--cutoff_layers <n>',
    'layers that are computed, of which the last scores, for layer-wise decoders',
    flagParser('--cutoff_layers', wholeNumber(1)),
  );
}

/** The options that open a reranker as flags say, and the flags that they came by. */
export interface TemplateOptions {
  readonly options: Pick<RerankerOptions, 'template' | 'instruction' | 'cutoffLayer'>;
  readonly names: NamesOfOptions;
}

/** @throws ConfigError for flags that are not a template's, or that say one thing twice */
export function templateOptions(flags: TemplateFlags): TemplateOptions {
  const { seq, sep_token, prompt, cutoff_layers } = flags;
  if (seq !== undefined && sep_token !== undefined)
    throw new ConfigError('--sep_token', undefined, 'expected it or --seq, got both — pass one');
  for (const text of ['query', 'passage'] as const)
    if (
      flags[`${text}_instruction_format`] !== undefined &&
      flags[`${text}_instruction_for_rerank`] === undefined
    )
      throw new ConfigError(
        `--${text}_instruction_format`,
        undefined,
        `expected --${text}_instruction_for_rerank beside it, got none — pass it, or leave this out`,
      );
  const settings = {
    modelType: undefined,
    queryFormat: flags.query_format,
    documentFormat: flags.document_format,
    queryInstructionForRerank: flags.query_instruction_for_rerank,
    queryInstructionFormat: flags.query_instruction_format ?? '{}{}',
    passageInstructionForRerank: flags.passage_instruction_for_rerank,
    passageInstructionFormat: flags.passage_instruction_format ?? '{}{}',
    seq: seq ?? sep_token,
    specialToken: flags.special_token,
  };
  checkTemplate(settings, new Map(templateFlagNames.map((key) => [key, `--${key}`])));
  const template = templateOf(settings);
  const names: Record<string, string> = { instruction: '--prompt', cutoffLayer: '--cutoff_layers' };
  const flagOf = {
    query_format: flags.query_format === undefined ? '--query_instruction_for_rerank' : '--query_format',
    document_format:
      flags.document_format === undefined ? '--passage_instruction_for_rerank' : '--document_format',
    seq: seq === undefined ? '--sep_token' : '--seq',
    special_token: '--special_token',
  };
  for (const [field, flag] of Object.entries(flagOf))
    for (const where of ['template', 'options.template']) names[`${where}.${field}`] = flag;
  return {
    options: {
      ...(Object.keys(template).length > 0 && { template }),
      ...(prompt !== undefined && { instruction: prompt }),
      ...(cutoff_layers !== undefined && { cutoffLayer: cutoff_layers }),
    },
    names,
  };
}
