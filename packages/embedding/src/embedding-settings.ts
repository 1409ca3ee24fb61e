import { ConfigError, type FileSource, isJsonObject, readJsonObject } from '@rag/models';

/** What a sentence-transformers directory says beside its modules, under the files' own names. */
export interface EmbeddingSettings {
  /** Tokens of a text, special ones included; undefined where the file leaves it to the tokenizer. */
  readonly max_seq_length?: number;
  /** Texts are lowercased before anything the tokenizer does. */
  readonly do_lower_case: boolean;
  /** What is put in front of a text, by the prompt's name. */
  readonly prompts: Readonly<Record<string, string>>;
  /** The prompt of `encode` where it names none. */
  readonly default_prompt_name: string | null;
  readonly similarity_fn_name: string | null;
  /** Elements that `encode` keeps of a vector where it says nothing. */
  readonly truncate_dim: number | null;
  /** Further keys of sentence_bert_config.json and of config_sentence_transformers.json, kept for saving. */
  readonly extra: { readonly encoder: Json; readonly model: Json };
}

type Json = Readonly<Record<string, unknown>>;

/** The settings of a model that has no such files. */
export const defaultSettings: EmbeddingSettings = {
  do_lower_case: false,
  prompts: {},
  default_prompt_name: null,
  similarity_fn_name: null,
  truncate_dim: null,
  extra: { encoder: {}, model: {} },
};

/** The names that sentence-transformers has given to the encoder's file, the usual one first. */
const ENCODER_FILES = [
  'sentence_bert_config.json',
  'sentence_roberta_config.json',
  'sentence_xlm-roberta_config.json',
];
const MODEL_FILE = 'config_sentence_transformers.json';

/**
 * Reads sentence_bert_config.json and config_sentence_transformers.json, each of which may be missing.
 * @throws ConfigError for a field of another type, for a task other than text embeddings, and for a default prompt that is
 * not there
 */
export async function readSettings(source: FileSource): Promise<EmbeddingSettings> {
  const present = await source.list();
  const encoderFile = ENCODER_FILES.find((name) => present.includes(name));
  return {
    ...(encoderFile === undefined
      ? { do_lower_case: false }
      : parseEncoder(await readJsonObject(source, encoderFile), encoderFile)),
    ...parseModel(present.includes(MODEL_FILE) ? await readJsonObject(source, MODEL_FILE) : {}),
    extra: {
      encoder: encoderFile === undefined ? {} : rest(await readJsonObject(source, encoderFile), ENCODER_KEYS),
      model: present.includes(MODEL_FILE) ? rest(await readJsonObject(source, MODEL_FILE), MODEL_KEYS) : {},
    },
  };
}

/** The two files' objects again. */
export function settingsToJson(settings: EmbeddingSettings): { encoder: Json; model: Json } {
  const { max_seq_length, do_lower_case, extra, ...model } = settings;
  const { truncate_dim, ...common } = model;
  return {
    encoder: {
      ...extra.encoder,
      ...(max_seq_length === undefined ? {} : { max_seq_length }),
      do_lower_case,
    },
    model: { ...extra.model, ...common, ...(truncate_dim === null ? {} : { truncate_dim }) },
  };
}

const ENCODER_KEYS = ['max_seq_length', 'do_lower_case'];
const MODEL_KEYS = ['prompts', 'default_prompt_name', 'similarity_fn_name', 'truncate_dim'];
const rest = (json: Json, known: readonly string[]): Json =>
  Object.fromEntries(Object.entries(json).filter(([key]) => !known.includes(key)));

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;

function parseEncoder(
  json: Json,
  where: string,
): Pick<EmbeddingSettings, 'max_seq_length' | 'do_lower_case'> {
  const { max_seq_length, do_lower_case = false } = json;
  const fail = (field: string, expected: string, advice = 'correct the file'): never => {
    throw new ConfigError(field, expected, json[field], advice, where);
  };
  // Newer files may make of a Transformer something else than a source of token vectors.
  for (const [field, value] of [
    ['transformer_task', 'feature-extraction'],
    ['module_output_name', 'token_embeddings'],
  ] as const)
    if (json[field] !== undefined && json[field] !== value)
      fail(field, JSON.stringify(value), 'this model is not one that this package can run');
  for (const field of ['query_length', 'document_length'])
    if (json[field] !== undefined && json[field] !== null)
      fail(field, 'null', 'lengths by task are not one that this package can run');
  if (typeof do_lower_case !== 'boolean') return fail('do_lower_case', 'true or false');
  if (max_seq_length === undefined || max_seq_length === null) return { do_lower_case };
  return isCount(max_seq_length)
    ? { max_seq_length, do_lower_case }
    : fail('max_seq_length', 'a positive whole number or null');
}

function parseModel(json: Json): Omit<EmbeddingSettings, 'max_seq_length' | 'do_lower_case' | 'extra'> {
  const { prompts = {}, default_prompt_name = null, similarity_fn_name = null, truncate_dim = null } = json;
  const fail = (field: string, expected: string, advice = 'correct the file'): never => {
    throw new ConfigError(field, expected, json[field], advice, MODEL_FILE);
  };
  if (json.model_type !== undefined && json.model_type !== 'SentenceTransformer')
    fail('model_type', '"SentenceTransformer"', 'this model is not one that this package can run');
  if (!isJsonObject(prompts)) return fail('prompts', 'an object of texts by name');
  const given = Object.entries(prompts).filter(([, prompt]) => prompt !== null);
  if (!given.every((entry): entry is [string, string] => typeof entry[1] === 'string'))
    return fail('prompts', 'an object of texts by name');
  if (default_prompt_name !== null && typeof default_prompt_name !== 'string')
    return fail('default_prompt_name', 'a name or null');
  if (default_prompt_name !== null && !given.some(([name]) => name === default_prompt_name))
    return fail('default_prompt_name', `one of "prompts" (${given.map(([name]) => name).join(', ')})`);
  if (similarity_fn_name !== null && typeof similarity_fn_name !== 'string')
    return fail('similarity_fn_name', 'a name or null');
  if (truncate_dim !== null && !isCount(truncate_dim))
    return fail('truncate_dim', 'a positive whole number or null');
  return {
    prompts: Object.fromEntries(given),
    default_prompt_name,
    similarity_fn_name,
    truncate_dim,
  };
}
