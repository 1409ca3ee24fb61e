import {
  type EncoderConfig,
  type FileSource,
  isJsonObject,
  longestSequence,
  OptionError,
  RERANKER_CONFIG,
  readJsonObject,
} from '@rag/models';
import { type PairTemplate, readPairTemplate } from './pair-template.js';

/** The tokens whose logits are a yes/no reranker's score: that of `true_token`, less that of `false_token` where there is one; texts, or ids. */
export interface AnswerTokens {
  readonly true_token: string | number;
  readonly false_token?: string | number;
}

/** What reranker_config.json says: of a decoder how a pair is written, of a language model what answers, of any model how long pairs were. */
export interface RerankerConfig {
  readonly template: PairTemplate;
  readonly answer?: AnswerTokens;
  /** Tokens of a pair, special ones included, that the model was trained on. */
  readonly max_len?: number;
}

/** A `RerankerConfig` as a file or a caller states it: fields that are left out are another's. */
export interface StatedRerankerConfig {
  readonly template?: Partial<PairTemplate>;
  readonly answer?: AnswerTokens;
  readonly max_len?: number;
}

/** The text of reranker_config.json. */
export const rerankerConfigText = (config: StatedRerankerConfig): string =>
  `${JSON.stringify(config, null, 2)}\n`;

/**
 * reranker_config.json of a directory, undefined where there is none.
 * @throws FileSourceError for what is no JSON object, OptionError for fields that are not a config's
 */
export async function statedRerankerConfig(source: FileSource): Promise<StatedRerankerConfig | undefined> {
  if (!(await source.list()).includes(RERANKER_CONFIG)) return undefined;
  return readJsonObject(source, RERANKER_CONFIG);
}

/**
 * What it says of an encoder, whose tokenizer has a pair template of its own.
 * @throws FileSourceError for what is no JSON object, OptionError for fields that an encoder does not have
 */
export async function statedOfEncoder(source: FileSource): Promise<Pick<StatedRerankerConfig, 'max_len'>> {
  const stated = (await statedRerankerConfig(source)) ?? {};
  const odd = Object.keys(stated).find((key) => key !== 'max_len');
  if (odd !== undefined)
    throw new OptionError(
      `${RERANKER_CONFIG}.${odd}`,
      'expected max_len alone for an encoder, whose tokenizer says how pairs are written, got it',
      'leave it out',
    );
  return stated.max_len === undefined
    ? {}
    : { max_len: maxLen(stated.max_len, `${RERANKER_CONFIG}.max_len`) };
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
    throw new OptionError(where, 'expected an object of template, answer and max_len', 'give one');
  const unknown = Object.keys(stated).find((key) => !FIELDS.includes(key));
  if (unknown !== undefined)
    throw new OptionError(
      `${where}.${unknown}`,
      `expected one of ${FIELDS.join(', ')}, got "${unknown}"`,
      'correct its name',
    );
  return {
    ...defaults,
    ...(stated.template !== undefined && {
      template: readPairTemplate(stated.template, defaults.template, `${where}.template`),
    }),
    ...(stated.answer !== undefined && { answer: answerTokens(stated.answer, `${where}.answer`) }),
    ...(stated.max_len !== undefined && { max_len: maxLen(stated.max_len, `${where}.max_len`) }),
  };
}

const FIELDS = ['template', 'answer', 'max_len'];

function maxLen(given: unknown, where: string): number {
  if (Number.isSafeInteger(given) && (given as number) > 0) return given as number;
  throw new OptionError(
    where,
    `expected a whole number of tokens, got ${JSON.stringify(given)}`,
    'write {"max_len": 512}',
  );
}

/** Tokens of a pair where nothing else is said. */
export const defaultMaxLength = (config: EncoderConfig): number => Math.min(512, longestSequence(config));

/**
 * What reranker_config.json states of a pair's tokens, as `RerankerParts.maxLength`.
 * @throws OptionError for more than the model has positions for
 */
export function statedLength(
  { max_len }: { readonly max_len?: number | undefined },
  config: EncoderConfig,
): { readonly maxLength?: number } {
  if (max_len === undefined) return {};
  const longest = longestSequence(config);
  if (max_len <= longest) return { maxLength: max_len };
  throw new OptionError(
    `${RERANKER_CONFIG}.max_len`,
    `expected at most ${longest} (the model's positions), got ${max_len}`,
    'correct the file',
  );
}

/**
 * The files beside a model that was trained on pairs of so many tokens: reranker_config.json says so, unless there is none and the number
 * is what would be taken anyway.
 */
export function filesOfLength(
  {
    files = {},
    config,
  }: { readonly files?: Readonly<Record<string, string>>; readonly config: EncoderConfig },
  maxLength: number,
): Readonly<Record<string, string>> {
  const stated = files[RERANKER_CONFIG];
  if (stated === undefined && maxLength === defaultMaxLength(config)) return files;
  const own: StatedRerankerConfig = stated === undefined ? {} : JSON.parse(stated);
  return { ...files, [RERANKER_CONFIG]: rerankerConfigText({ ...own, max_len: maxLength }) };
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
