import { ConfigError } from './config-error.js';
import type { EmbeddingConfig } from './embedding-options.js';

type Settings = Pick<EmbeddingConfig, 'instruction' | 'queryInstructionFormat'> &
  Partial<Pick<EmbeddingConfig, 'trainType'>>;

/** Two places: the instruction's and the text's. */
const PLAIN = '{}{}';

/**
 * What stands before each query: `instruction` in FlagEmbedding's `query_instruction_format` (`Instruct: {}\nQuery: {}`), whose second place, the
 * query's, is its end. A written `\n` is a new line. undefined without an instruction.
 * @param sources where each given key was given
 * @throws ConfigError for a format without both places or with something behind the query, for one without an instruction, and for rows
 * without queries
 */
export function queryInstruction(
  { instruction, queryInstructionFormat, trainType }: Settings,
  sources: ReadonlyMap<string, string>,
): string | undefined {
  const fail = (key: string, problem: string): never => {
    throw new ConfigError(sources.get(key) ?? key, key, problem);
  };
  if (instruction === undefined || instruction === '') {
    if (queryInstructionFormat !== undefined && queryInstructionFormat !== PLAIN)
      fail('query_instruction_format', 'expected instruction with it, got none — say it, or leave this out');
    return undefined;
  }
  if (trainType === 'distill')
    fail(
      'instruction',
      'expected rows of queries and passages, got texts alone (train_type distill) — write it into the texts',
    );
  const [before, between, after, ...more] = (queryInstructionFormat ?? PLAIN).split('{}');
  if (between === undefined || after === undefined || more.length > 0)
    fail(
      'query_instruction_format',
      `expected a text with two {}, for instruction and query, got ${JSON.stringify(queryInstructionFormat)}`,
    );
  if (after !== '')
    fail(
      'query_instruction_format',
      `expected it to end with the query's {}, got ${JSON.stringify(after)} behind it — write that to the queries: a prompt stands before a text`,
    );
  return `${before}${instruction}${between}`.replaceAll('\\n', '\n');
}
