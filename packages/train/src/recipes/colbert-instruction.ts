import type { ColbertSettings } from '@rag/colbert';
import type { ResolvedColbert } from '../config/colbert-config.js';
import { ConfigError } from '../config/config-error.js';
import { queryInstruction } from '../config/query-instruction.js';

/**
 * What stands before queries: the instruction of the settings, or the model's own; '' in the settings leaves that out.
 * @throws ConfigError for a model of a layout that cannot say it
 */
export function colbertInstruction(
  { config, sources }: Pick<ResolvedColbert, 'config' | 'sources'>,
  settings: Pick<ColbertSettings, 'layout' | 'query_instruction'>,
  say: (line: string) => void,
): string | undefined {
  const asked = queryInstruction(config, sources);
  const own = config.instruction === undefined ? settings.query_instruction : undefined;
  const instruction = asked ?? own;
  if (asked !== undefined && settings.layout !== 'rag-retrieval')
    throw new ConfigError(
      sources.get('instruction') ?? 'instruction',
      'instruction',
      `expected no instruction for a model of ${settings.layout}'s layout, which puts none before queries by itself, got ${JSON.stringify(asked)} — write it to the rows as prompt_for_query, or start from an encoder`,
    );
  if (instruction !== undefined)
    say(
      `instruction: ${JSON.stringify(instruction)} before each query${own === undefined ? '' : ', as the model has it'}`,
    );
  return instruction;
}
