import { describeJson, isJsonObject } from './file-source.js';

/** The values of `model_type` that this package reads. */
export const MODEL_TYPES = ['bert', 'roberta', 'xlm-roberta'] as const;
export type ModelType = (typeof MODEL_TYPES)[number];

/** The accepted values of `hidden_act`; `gelu_new` and `gelu_pytorch_tanh` are the same function, as are silu and swish. */
export const HIDDEN_ACTS = [
  'gelu',
  'gelu_new',
  'gelu_pytorch_tanh',
  'relu',
  'silu',
  'swish',
  'tanh',
] as const;
export type HiddenAct = (typeof HIDDEN_ACTS)[number];

/** The fields of a BERT-like config.json that decide the graph, under the file's own names. */
export interface EncoderConfig {
  readonly model_type: ModelType;
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly intermediate_size: number;
  readonly hidden_act: HiddenAct;
  /** Probability in [0, 1). */
  readonly hidden_dropout_prob: number;
  readonly attention_probs_dropout_prob: number;
  /** null: as `hidden_dropout_prob`. */
  readonly classifier_dropout: number | null;
  /** Rows of the position table; RoBERTa counts positions from `pad_token_id` + 1, so it can use that many fewer. */
  readonly max_position_embeddings: number;
  readonly type_vocab_size: number;
  /** Standard deviation of a fresh weight. */
  readonly initializer_range: number;
  readonly layer_norm_eps: number;
  readonly pad_token_id: number | null;
  /** Every other key of the file, kept for saving. */
  readonly extra: Readonly<Record<string, unknown>>;
}

/** A config.json field that is missing, ill-typed or not supported. */
export class ConfigError extends Error {
  override name = 'ConfigError';
  constructor(
    readonly field: string,
    expected: string,
    got: unknown,
    advice: string,
    where: string,
  ) {
    super(`${where}: ${JSON.stringify(field)} expected ${expected}, got ${describeJson(got)} — ${advice}`);
  }
}

/** A test and the words for what passes it. */
interface Kind<T> {
  readonly expected: string;
  accepts(value: unknown): value is T;
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const count: Kind<number> = {
  expected: 'a positive whole number',
  accepts: (value): value is number => Number.isSafeInteger(value) && (value as number) > 0,
};
const probability: Kind<number> = {
  expected: 'a probability in [0, 1)',
  accepts: (value): value is number => isNumber(value) && value >= 0 && value < 1,
};
const positive: Kind<number> = {
  expected: 'a positive number',
  accepts: (value): value is number => isNumber(value) && value > 0,
};
const tokenId: Kind<number> = {
  expected: 'a token id',
  accepts: (value): value is number => Number.isSafeInteger(value) && (value as number) >= 0,
};

function oneOf<T extends string>(names: readonly T[]): Kind<T> {
  return {
    expected: `one of ${names.join(', ')}`,
    accepts: (value): value is T => (names as readonly unknown[]).includes(value),
  };
}

function orNull<T>(kind: Kind<T>): Kind<T | null> {
  return {
    expected: `${kind.expected} or null`,
    accepts: (value): value is T | null => value === null || kind.accepts(value),
  };
}

/**
 * Checks a BERT, RoBERTa or XLM-R config.json.
 * Every field is required but `classifier_dropout` (absent before transformers 4.8, read as null) and
 * `position_embedding_type`, which must be "absolute" where it stands.
 * @param where the file's name in error messages.
 * @throws ConfigError
 */
export function parseEncoderConfig(json: unknown, where = 'config.json'): EncoderConfig {
  if (!isJsonObject(json)) throw new ConfigError('(file)', 'a JSON object', json, 'use a config.json', where);
  const take = <T>(
    field: string,
    kind: Kind<T>,
    advice = 'correct the file or use another checkpoint',
  ): T => {
    const value = json[field];
    if (!kind.accepts(value)) throw new ConfigError(field, kind.expected, value, advice, where);
    return value;
  };
  const refuse = (field: string, expected: string, got: unknown): never => {
    throw new ConfigError(field, expected, got, 'this model is not one that this package can run', where);
  };
  const model_type = take('model_type', oneOf(MODEL_TYPES), 'use a checkpoint of a known type');
  const fields = {
    model_type,
    vocab_size: take('vocab_size', count),
    hidden_size: take('hidden_size', count),
    num_hidden_layers: take('num_hidden_layers', count),
    num_attention_heads: take('num_attention_heads', count),
    intermediate_size: take('intermediate_size', count),
    hidden_act: take('hidden_act', oneOf(HIDDEN_ACTS)),
    hidden_dropout_prob: take('hidden_dropout_prob', probability),
    attention_probs_dropout_prob: take('attention_probs_dropout_prob', probability),
    classifier_dropout:
      json.classifier_dropout === undefined ? null : take('classifier_dropout', orNull(probability)),
    max_position_embeddings: take('max_position_embeddings', count),
    type_vocab_size: take('type_vocab_size', count),
    initializer_range: take('initializer_range', positive),
    layer_norm_eps: take('layer_norm_eps', positive),
    // RoBERTa's positions are counted from it.
    pad_token_id: take('pad_token_id', model_type === 'bert' ? orNull(tokenId) : tokenId),
  };
  const { hidden_size, num_attention_heads, vocab_size, pad_token_id } = fields;
  if (hidden_size % num_attention_heads !== 0) {
    refuse('num_attention_heads', `a divisor of "hidden_size" (${hidden_size})`, num_attention_heads);
  }
  if (pad_token_id !== null && pad_token_id >= vocab_size) {
    refuse('pad_token_id', `an id below "vocab_size" (${vocab_size})`, pad_token_id);
  }
  if (model_type !== 'bert' && pad_token_id !== null && fields.max_position_embeddings <= pad_token_id + 1) {
    refuse(
      'max_position_embeddings',
      `more than "pad_token_id" + 1 (${pad_token_id + 1})`,
      fields.max_position_embeddings,
    );
  }
  const { position_embedding_type: position = 'absolute', is_decoder, add_cross_attention } = json;
  if (position !== 'absolute') refuse('position_embedding_type', '"absolute"', position);
  if (is_decoder !== undefined && is_decoder !== false) refuse('is_decoder', 'false', is_decoder);
  if (add_cross_attention !== undefined && add_cross_attention !== false) {
    refuse('add_cross_attention', 'false', add_cross_attention);
  }
  const extra = Object.fromEntries(Object.entries(json).filter(([key]) => !Object.hasOwn(fields, key)));
  return { ...fields, extra };
}

/** The config.json object again: the fields and every extra key, sorted by name as transformers writes them. */
export function encoderConfigToJson({ extra, ...fields }: EncoderConfig): Record<string, unknown> {
  const all = Object.entries({ ...extra, ...fields });
  return Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * The number of labels that the file states, by `id2label` or `num_labels`; undefined when it says nothing, which
 * transformers reads as 2.
 * @throws ConfigError when the two disagree or `id2label` is not numbered from 0.
 */
export function labelCount({ extra }: EncoderConfig, where = 'config.json'): number | undefined {
  const { id2label, num_labels } = extra;
  const advice = 'correct the file';
  if (num_labels !== undefined && !count.accepts(num_labels)) {
    throw new ConfigError('num_labels', count.expected, num_labels, advice, where);
  }
  if (id2label === undefined || id2label === null) return num_labels;
  const size = isJsonObject(id2label) ? Object.keys(id2label).length : 0;
  const numbered =
    isJsonObject(id2label) && Array.from({ length: size }, (_, i) => i).every((i) => i in id2label);
  if (!numbered || size === 0) {
    throw new ConfigError('id2label', 'labels numbered from "0"', id2label, advice, where);
  }
  if (num_labels !== undefined && num_labels !== size) {
    throw new ConfigError('num_labels', `${size}, the size of "id2label"`, num_labels, advice, where);
  }
  return size;
}

/** The config for a head of `labels` outputs; label names are kept when their number stays, else LABEL_0, LABEL_1, … */
export function withLabelCount(config: EncoderConfig, labels: number): EncoderConfig {
  if (labelCount(config) === labels && isJsonObject(config.extra.id2label)) return config;
  const { num_labels, ...extra } = config.extra;
  const names = Array.from({ length: labels }, (_, i) => `LABEL_${i}`);
  return {
    ...config,
    extra: {
      ...extra,
      id2label: Object.fromEntries(names.map((name, i) => [String(i), name])),
      label2id: Object.fromEntries(names.map((name, i) => [name, i])),
    },
  };
}

/** The most tokens that a model takes in one sequence: its position table, less what RoBERTa leaves unused. */
export function longestSequence({
  model_type,
  max_position_embeddings,
  pad_token_id,
}: EncoderConfig): number {
  return model_type === 'bert' ? max_position_embeddings : max_position_embeddings - (pad_token_id ?? 1) - 1;
}
