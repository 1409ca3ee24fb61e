import type { Checkpoint } from '../checkpoint.js';
import { isJsonObject, readJsonObject } from '../file-source.js';

/** What a model's own files need of its vocabulary, whatever a corpus says. */
export interface VocabularyNeeds {
  /** Rows that must stay: the ids that config.json states, and those before a padding id that positions are counted from. */
  readonly ids: readonly number[];
  /** Texts that may be tokens and must stay where they are: markers, words of settings. */
  readonly tokens: readonly string[];
  /** Put in front of texts, which may then have other pieces at their start. */
  readonly prompts: readonly string[];
  /** Texts are lower-cased before anything the tokenizer does. */
  readonly lowercase: boolean;
}

const SETTINGS_FILE =
  /^(config_sentence_transformers|sentence_[a-z-]+_config|colbert_settings)\.json$|^artifact\.metadata$/;
/** Markers of ColBERT models that do not state theirs: PyLate's and Stanford's. */
const MARKERS = ['[Q] ', '[D] ', '[Q]', '[D]', '[unused0]', '[unused1]'];
/** RoBERTa's positions start above its padding id, which is 1; ids up to such a small one keep their number. */
const MOST_OFFSET = 255;

/** @throws FileSourceError for a settings file that is no JSON object */
export async function vocabularyNeeds({ source, config }: Checkpoint): Promise<VocabularyNeeds> {
  const { pad_token_id: pad } = config;
  const offset = Number.isInteger(pad) && Number(pad) >= 0 && Number(pad) <= MOST_OFFSET ? Number(pad) : -1;
  const prompts = new Set<string>();
  const tokens = new Set<string>(MARKERS);
  let lowercase = false;
  for (const file of (await source.list()).filter((name) => SETTINGS_FILE.test(name))) {
    const settings = await readJsonObject(source, file);
    for (const text of stringsOf(settings)) tokens.add(text);
    lowercase ||= settings.do_lower_case === true;
    const named = isJsonObject(settings.prompts) ? Object.values(settings.prompts) : [];
    const { query_prefix, document_prefix, query_token_id, doc_token_id } = settings;
    for (const text of [...named, query_prefix, document_prefix, query_token_id, doc_token_id])
      if (typeof text === 'string' && text !== '') prompts.add(text);
  }
  return {
    ids: [...Array(offset + 1).keys(), ...statedIds(config)],
    tokens: [...tokens],
    prompts: [...prompts],
    lowercase,
  };
}

/** config.json with other ids and another `vocab_size`. */
export function renumberConfig(
  config: Readonly<Record<string, unknown>>,
  ids: readonly number[],
): Record<string, unknown> {
  const newIds = new Map(ids.map((id, i) => [id, i]));
  const renumber = (value: unknown): unknown =>
    typeof value === 'number' ? (newIds.get(value) ?? value) : value;
  return Object.fromEntries(
    Object.entries({ ...config, vocab_size: ids.length }).map(([key, value]) => {
      if (!isIdField(key)) return [key, value];
      return [key, Array.isArray(value) ? value.map(renumber) : renumber(value)];
    }),
  );
}

const isIdField = (key: string): boolean => /_token_ids?$/.test(key);

/** Ids within the vocabulary; some files state one that no token has, such as −1. */
function statedIds(config: Readonly<Record<string, unknown>>): number[] {
  const values = Object.entries(config).flatMap(([key, value]) => (isIdField(key) ? [value].flat() : []));
  const rows = Number(config.vocab_size);
  return values.filter((id): id is number => Number.isInteger(id) && Number(id) >= 0 && Number(id) < rows);
}

function stringsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsOf) : [];
}
