import type { PairTemplate } from '@rag/reranker';
import { ConfigError } from './config-error.js';
import type { RerankerConfig } from './reranker-options.js';

/** The settings that say how a decoder's pairs are written. */
export type TemplateSettings = Pick<
  RerankerConfig,
  | 'modelType'
  | 'queryFormat'
  | 'documentFormat'
  | 'queryInstructionForRerank'
  | 'queryInstructionFormat'
  | 'passageInstructionForRerank'
  | 'passageInstructionFormat'
  | 'seq'
  | 'specialToken'
>;

/** What the settings say of a decoder's template: RAG-Retrieval's formats, or FlagEmbedding's instructions joined with theirs. */
export function templateOf(config: Partial<TemplateSettings>): Partial<PairTemplate> {
  const query = config.queryFormat ?? joined(config.queryInstructionForRerank, config.queryInstructionFormat);
  const document =
    config.documentFormat ?? joined(config.passageInstructionForRerank, config.passageInstructionFormat);
  return {
    ...(query !== undefined && { query_format: query }),
    ...(document !== undefined && { document_format: document }),
    ...(config.seq !== undefined && { seq: config.seq }),
    ...(config.specialToken !== undefined && { special_token: config.specialToken }),
  };
}

/** The first braces are the instruction's place; those of the text stay. */
const joined = (instruction: string | undefined, format = '{}{}'): string | undefined =>
  instruction === undefined ? undefined : format.replace('{}', () => instruction);

/** Keys that mean nothing for an encoder, whose tokenizer has a pair template of its own. */
const OF_DECODERS = [
  'query_format',
  'document_format',
  'query_instruction_for_rerank',
  'passage_instruction_for_rerank',
  'seq',
  'special_token',
] as const;

/**
 * Checks the settings of templates together.
 * @param sources where each given key was given
 * @throws ConfigError
 */
export function checkTemplate(config: TemplateSettings, sources: ReadonlyMap<string, string>): void {
  const fail = (key: string, problem: string): never => {
    throw new ConfigError(sources.get(key) ?? key, key, problem);
  };
  if (config.modelType === 'bert_encoder')
    // The empty ones are what the originals' files state for encoders.
    for (const key of OF_DECODERS)
      if (sources.has(key) && !['', '{}'].includes(String(given(config, key))))
        fail(key, 'expected model_type llm_decoder or decoder with it, got bert_encoder — leave it out');
  for (const key of ['query_format', 'document_format'] as const) {
    const format = given(config, key);
    if (format !== undefined && format.split('{}').length !== 2)
      fail(
        key,
        `expected a text with one {} in the place of the ${key === 'query_format' ? 'query' : 'passage'}, got ${JSON.stringify(format)}`,
      );
  }
  for (const key of ['query_instruction_format', 'passage_instruction_format'] as const) {
    const format =
      key === 'query_instruction_format' ? config.queryInstructionFormat : config.passageInstructionFormat;
    if (format.split('{}').length !== 3)
      fail(key, `expected a text with two {}, for instruction and text, got ${JSON.stringify(format)}`);
  }
  for (const [format, instruction] of [
    ['query_format', 'query_instruction_for_rerank'],
    ['document_format', 'passage_instruction_for_rerank'],
  ] as const)
    if (given(config, format) !== undefined && given(config, instruction) !== undefined)
      fail(instruction, `expected it or ${format}, got both — write the instruction into ${format}`);
}

function given(config: TemplateSettings, key: (typeof OF_DECODERS)[number]): string | undefined {
  return {
    query_format: config.queryFormat,
    document_format: config.documentFormat,
    query_instruction_for_rerank: config.queryInstructionForRerank,
    passage_instruction_for_rerank: config.passageInstructionForRerank,
    seq: config.seq,
    special_token: config.specialToken,
  }[key];
}
