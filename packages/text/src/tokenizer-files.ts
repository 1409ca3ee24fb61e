import { TokenizerError } from './errors.js';
import { describe, type JsonObject, readBoolean, readInteger, readObject, readString } from './read-field.js';
import {
  bertSpecialTokens,
  readVocabTxt,
  type SpecialTokens,
  wordPieceTokenizerJson,
} from './word-piece-json.js';

/** Ids of the tokens that have a role, undefined where the tokenizer has none. */
export interface SpecialIds {
  pad: number | undefined;
  unk: number | undefined;
  cls: number | undefined;
  sep: number | undefined;
  mask: number | undefined;
  /** Tokens; Infinity where no limit is set. */
  modelMaxLength: number;
}

/** transformers writes 1e30 for "no limit". */
const NO_LIMIT = 1e9;

const CONVENTIONAL = {
  pad: ['[PAD]', '<pad>'],
  unk: ['[UNK]', '<unk>'],
  cls: ['[CLS]', '<s>'],
  sep: ['[SEP]', '</s>'],
  mask: ['[MASK]', '<mask>'],
} as const;

/**
 * The ids of the special tokens: the text that tokenizer_config.json names, else (pad) `padding.pad_id` of
 * tokenizer.json, else BERT's and RoBERTa's conventional texts among the added tokens.
 * Throws TokenizerError when the config names a token that the vocabulary lacks.
 */
export function readSpecialIds(
  json: JsonObject,
  config: JsonObject,
  ids: Pick<ReadonlyMap<string, number>, 'get'>,
): SpecialIds {
  const added = new Set(
    (Array.isArray(json.added_tokens) ? json.added_tokens : []).map(
      (token: { content?: unknown }) => token.content,
    ),
  );
  const idOf = (role: keyof typeof CONVENTIONAL): number | undefined => {
    const where = `tokenizer_config.json ${role}_token`;
    const named = tokenText(config[`${role}_token`], where);
    if (named !== undefined) {
      const id = ids.get(named);
      if (id === undefined)
        throw new TokenizerError(
          where,
          'a token of the vocabulary',
          JSON.stringify(named),
          'the files do not match',
        );
      return id;
    }
    if (role === 'pad' && json.padding !== null && json.padding !== undefined) {
      const padding = readObject(json.padding, 'tokenizer.json padding');
      return readInteger(padding.pad_id, 'tokenizer.json padding.pad_id', (1 << 24) - 1);
    }
    const text = CONVENTIONAL[role].find((content) => added.has(content));
    return text === undefined ? undefined : ids.get(text);
  };
  return {
    pad: idOf('pad'),
    unk: idOf('unk'),
    cls: idOf('cls'),
    sep: idOf('sep'),
    mask: idOf('mask'),
    modelMaxLength: modelMaxLength(config.model_max_length),
  };
}

/** A tokenizer.json object for a checkpoint that only has vocab.txt and tokenizer_config.json. */
export function wordPieceFromVocabTxt(vocabTxt: string, config: JsonObject): JsonObject {
  const where = 'tokenizer_config.json';
  const specials: Partial<SpecialTokens> = {};
  for (const role of Object.keys(bertSpecialTokens) as (keyof SpecialTokens)[]) {
    const named = tokenText(config[role], `${where} ${role}`);
    if (named !== undefined) specials[role] = named;
  }
  const lowercase = readBoolean(config.do_lower_case, `${where} do_lower_case`, true);
  return wordPieceTokenizerJson(readVocabTxt(vocabTxt), {
    lowercase,
    stripAccents: readBoolean(config.strip_accents, `${where} strip_accents`, lowercase),
    tokenizeChineseChars: readBoolean(config.tokenize_chinese_chars, `${where} tokenize_chinese_chars`, true),
    specials,
  });
}

/** `"[PAD]"` or `{ "content": "[PAD]", … }`. */
function tokenText(value: unknown, where: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  return readString(typeof value === 'string' ? value : readObject(value, where).content, where, 1024);
}

function modelMaxLength(value: unknown): number {
  if (value === undefined || value === null) return Number.POSITIVE_INFINITY;
  if (typeof value !== 'number' || !(value >= 1))
    throw new TokenizerError(
      'tokenizer_config.json model_max_length',
      'a positive number',
      describe(value),
      'fix it',
    );
  return value >= NO_LIMIT ? Number.POSITIVE_INFINITY : Math.floor(value);
}
