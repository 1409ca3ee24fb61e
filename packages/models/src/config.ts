import type { CommonFields } from './arch/architecture.js';
import { architectures, type ModelType } from './arch/index.js';
import {
  ConfigError,
  type ConfigFile,
  configFile,
  count,
  type Kind,
  orNull,
  positive,
  tokenId,
} from './config-file.js';
import { isJsonObject } from './file-source.js';

export type { ModelType };

/** The families that this package has: values of `model_type`, and its own names for those that share one with others. */
export const MODEL_TYPES = Object.keys(architectures) as readonly ModelType[];

/** The values of `model_type` that a file may state. */
const STATED_TYPES = MODEL_TYPES.filter((type) => architectures[type].config.statedType === undefined);

/**
 * The fields of a config.json that every encoder has, by BERT's names for them (a DistilBERT's `dim` is `hidden_size` here).
 * What decides the graph beyond them is the architecture's own: its config type extends this one, under the file's names.
 */
export interface EncoderConfig {
  /** The file's, or the family's own name where other facts of the file tell it from others of the same `model_type`. */
  readonly model_type: ModelType;
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  /** Rows of the position table, or the most positions that a model without one is for; see `longestSequence`. */
  readonly max_position_embeddings: number;
  /** 0 or 1: the model does not tell segments apart. */
  readonly type_vocab_size: number;
  /** Standard deviation of a fresh weight. */
  readonly initializer_range: number;
  readonly pad_token_id: number | null;
  /** Every other key of the file, kept for saving. */
  readonly extra: Readonly<Record<string, unknown>>;
}

const commonKinds: { readonly [Field in keyof CommonFields]: Kind<CommonFields[Field]> } = {
  vocab_size: count,
  hidden_size: count,
  num_hidden_layers: count,
  num_attention_heads: count,
  max_position_embeddings: count,
  type_vocab_size: count,
  initializer_range: positive,
  pad_token_id: orNull(tokenId),
};
const commonNames = Object.keys(commonKinds) as (keyof CommonFields)[];

/**
 * Checks a config.json of a known `model_type` (`MODEL_TYPES`).
 * @param where the file's name in error messages.
 * @throws ConfigError
 */
export function parseEncoderConfig(json: unknown, where = 'config.json'): EncoderConfig {
  if (!isJsonObject(json)) throw new ConfigError('(file)', 'a JSON object', json, 'use a config.json', where);
  const file = configFile(json, where);
  const model_type = modelType(file, where);
  const rules = architectures[model_type].config;
  checkHubCode(file, rules.hubClasses, where);
  const common = Object.fromEntries(
    commonNames.map((field) => [field, commonField(file, model_type, field)]),
  ) as unknown as CommonFields;
  checkCommon(file, model_type, common);
  const fields = { model_type, ...common, ...rules.own(file, common) };
  const read = new Set(
    Object.keys(fields)
      .filter((field) => !isFixed(model_type, field))
      .map((field) => fileName(model_type, field)),
  );
  for (const key of rules.replaced ?? []) read.add(key);
  const extra = Object.fromEntries(Object.entries(json).filter(([key]) => !read.has(key)));
  return { ...fields, extra };
}

function modelType({ json }: ConfigFile, where: string): ModelType {
  const { model_type } = json;
  const also = MODEL_TYPES.find((type) => {
    const { alsoReads } = architectures[type].config;
    return alsoReads !== undefined && alsoReads.model_type === model_type && alsoReads.states(json);
  });
  if (also !== undefined) return also;
  if ((STATED_TYPES as readonly unknown[]).includes(model_type)) return model_type as ModelType;
  throw new ConfigError(
    'model_type',
    `one of ${STATED_TYPES.join(', ')}`,
    model_type,
    `use a checkpoint of a known type, or ${ADD}`,
    where,
  );
}

/** How an architecture is added. */
const ADD =
  'add the architecture: a file in packages/models/src/arch and a line in its index.ts (CONTRIBUTING.md, "An architecture")';

/** Refuses a file whose `auto_map` names modeling code that is not re-implemented here, whatever its `model_type`. */
function checkHubCode({ json: { auto_map } }: ConfigFile, known: RegExp | undefined, where: string): void {
  if (!isJsonObject(auto_map)) return;
  for (const [auto, code] of Object.entries(auto_map)) {
    if (auto !== 'AutoConfig' && !auto.startsWith('AutoModel')) continue;
    const name = typeof code === 'string' ? code.slice(code.lastIndexOf('.') + 1) : '';
    if (known?.test(name)) continue;
    throw new ConfigError(
      'auto_map',
      `no modeling code of the model's own, or code that this package has in its place, as ${auto}`,
      code,
      `such code may compute anything: use a checkpoint of a known type, or ${ADD}`,
      where,
    );
  }
}

/** What a family's file calls a field. */
const fileName = (model_type: ModelType, field: string): string =>
  architectures[model_type].config.common?.[field as keyof CommonFields]?.name ?? field;

/** Whether a field is not of the file but the family's. */
const isFixed = (model_type: ModelType, field: string): boolean =>
  architectures[model_type].config.common?.[field as keyof CommonFields]?.fixed !== undefined;

function commonField(file: ConfigFile, model_type: ModelType, field: keyof CommonFields): unknown {
  const rule = architectures[model_type].config.common?.[field] ?? {};
  if (rule.fixed !== undefined) return rule.fixed;
  const kind: Kind<unknown> = rule.kind ?? commonKinds[field];
  const name = rule.name ?? field;
  if (file.json[name] !== undefined) return file.take(name, kind);
  if (rule.older !== undefined && file.json[rule.older] !== undefined) return file.take(rule.older, kind);
  return rule.absent === undefined ? file.take(name, kind) : rule.absent;
}

function checkCommon(file: ConfigFile, model_type: ModelType, common: CommonFields): void {
  const { hidden_size, num_attention_heads, vocab_size, pad_token_id, max_position_embeddings } = common;
  const name = (field: keyof CommonFields) => fileName(model_type, field);
  if (hidden_size % num_attention_heads !== 0)
    file.refuse(
      name('num_attention_heads'),
      `a divisor of "${name('hidden_size')}" (${hidden_size})`,
      num_attention_heads,
    );
  if (pad_token_id === null) return;
  if (pad_token_id >= vocab_size)
    file.refuse('pad_token_id', `an id below "vocab_size" (${vocab_size})`, pad_token_id);
  if (architectures[model_type].positionsFromPadding && max_position_embeddings <= pad_token_id + 1)
    file.refuse(
      'max_position_embeddings',
      `more than "pad_token_id" + 1 (${pad_token_id + 1})`,
      max_position_embeddings,
    );
}

/** The config.json object again: the fields by the file's names and every extra key, sorted as transformers writes them. */
export function encoderConfigToJson({ extra, ...fields }: EncoderConfig): Record<string, unknown> {
  const known = Object.entries(fields)
    .filter(([field, value]) => value !== undefined && !isFixed(fields.model_type, field))
    .map(([field, value]) => [fileName(fields.model_type, field), value] as const);
  const { statedType } = architectures[fields.model_type].config;
  const stated = statedType === undefined ? {} : { model_type: statedType };
  const all = Object.entries({ ...extra, ...Object.fromEntries(known), ...stated });
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
}: Pick<EncoderConfig, 'model_type' | 'max_position_embeddings' | 'pad_token_id'>): number {
  const unused = architectures[model_type].positionsFromPadding ? (pad_token_id ?? 1) + 1 : 0;
  return max_position_embeddings - unused;
}
