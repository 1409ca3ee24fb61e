import { type FileSource, isJsonObject, OptionError, RERANKER_CONFIG, readJsonObject } from '@rag/models';
import { type PairTemplate, readPairTemplate } from './pair-template.js';

/** The tokens whose logits are a yes/no reranker's score: that of `true_token`, less that of `false_token` where there is one; texts, or ids. */
export interface AnswerTokens {
  readonly true_token: string | number;
  readonly false_token?: string | number;
}

/** What reranker_config.json says of a decoder: how a pair is written, and, of a language model, what answers. */
export interface RerankerConfig {
  readonly template: PairTemplate;
  readonly answer?: AnswerTokens;
}

/** A `RerankerConfig` as a file or a caller states it: fields that are left out are another's. */
export interface StatedRerankerConfig {
  readonly template?: Partial<PairTemplate>;
  readonly answer?: AnswerTokens;
}

/** The text of reranker_config.json. */
export const rerankerConfigText = (config: RerankerConfig): string => `${JSON.stringify(config, null, 2)}\n`;

/**
 * reranker_config.json of a directory, undefined where there is none.
 * @throws FileSourceError for what is no JSON object, OptionError for fields that are not a config's
 */
export async function statedRerankerConfig(source: FileSource): Promise<StatedRerankerConfig | undefined> {
  if (!(await source.list()).includes(RERANKER_CONFIG)) return undefined;
  return readJsonObject(source, RERANKER_CONFIG);
}

/**
 * `stated` over `defaults`.
 * @param where what states it, in error messages
 * @throws OptionError
 */
export function rerankerConfig<Config extends RerankerConfig>(
  stated: unknown,
  defaults: Config,
  where: string,
): Config {
  if (!isJsonObject(stated))
    throw new OptionError(where, 'expected an object of template and answer', 'give one');
  const unknown = Object.keys(stated).find((key) => key !== 'template' && key !== 'answer');
  if (unknown !== undefined)
    throw new OptionError(
      `${where}.${unknown}`,
      `expected template or answer, got "${unknown}"`,
      'correct its name',
    );
  return {
    ...defaults,
    ...(stated.template !== undefined && {
      template: readPairTemplate(stated.template, defaults.template, `${where}.template`),
    }),
    ...(stated.answer !== undefined && { answer: answerTokens(stated.answer, `${where}.answer`) }),
  };
}

function answerTokens(given: unknown, where: string): AnswerTokens {
  const { true_token, false_token, ...others } = isJsonObject(given) ? given : {};
  const isToken = (token: unknown) =>
    (typeof token === 'string' && token !== '') || (Number.isInteger(token) && (token as number) >= 0);
  if (
    !isToken(true_token) ||
    (false_token !== undefined && !isToken(false_token)) ||
    Object.keys(others).length > 0
  )
    throw new OptionError(
      where,
      `expected {true_token, false_token?}, each the text of one token or its id, got ${JSON.stringify(given)}`,
      'write {"true_token": "yes", "false_token": "no"}',
    );
  return given as AnswerTokens;
}
