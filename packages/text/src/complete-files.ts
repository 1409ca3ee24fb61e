import type { TokenizerTexts } from './open-tokenizer.js';
import { parseObject } from './parse-object.js';
import { readArray, readObject } from './read-field.js';
import { readSpecialIds, wordPieceFromVocabTxt } from './tokenizer-files.js';

/** What a model says of its tokenizer. */
export interface TokenizerUse {
  /** Tokens of the longest sequence, special ones included; Infinity where there is no limit. */
  readonly maxLength: number;
  /** Whether the model reads `token_type_ids`. */
  readonly tokenTypes: boolean;
}

/**
 * Classes whose name makes transformers.js give `token_type_ids`, by the kind of `model` in tokenizer.json; with any other they are 0 for
 * both texts of a pair.
 */
const CLASS_WITH_TYPES: Readonly<Record<string, string>> = {
  WordPiece: 'BertTokenizer',
  Unigram: 'AlbertTokenizer',
};

const ROLES = ['pad', 'unk', 'cls', 'sep', 'mask'] as const;

/**
 * Adds what tools that read only tokenizer.json and tokenizer_config.json need, such as transformers.js: tokenizer.json where there is
 * vocab.txt alone, and in tokenizer_config.json the special tokens and the length where it leaves them to Python's classes. What is
 * stated stays.
 * @throws SyntaxError for a file that is not JSON, TokenizerError for one that does not make a tokenizer
 */
export function completeTokenizerFiles<Texts extends TokenizerTexts>(
  files: Texts,
  { maxLength, tokenTypes }: TokenizerUse,
): Texts & TokenizerTexts {
  const stated = files['tokenizer_config.json'];
  const config = stated === undefined ? {} : parseObject(stated, 'tokenizer_config.json');
  const vocab = files['vocab.txt'];
  const text = files['tokenizer.json'];
  if (text === undefined && vocab === undefined) return files;
  const json =
    text === undefined ? wordPieceFromVocabTxt(vocab!, config) : parseObject(text, 'tokenizer.json');
  const added = readArray(json.added_tokens ?? [], 'tokenizer.json added_tokens', 1 << 16).map((token, i) => {
    const { id, content } = readObject(token, `tokenizer.json added_tokens[${i}]`);
    return { id: id as number, content: content as string };
  });
  // What the config states stays, whichever file has its id.
  const special = readSpecialIds(json, {}, new Map(added.map(({ id, content }) => [content, id])));
  const complete: Record<string, unknown> = { ...config };
  if (stated === undefined) {
    const kind = String((json.model as { type?: unknown } | undefined)?.type);
    complete.tokenizer_class = (tokenTypes ? CLASS_WITH_TYPES[kind] : undefined) ?? 'PreTrainedTokenizerFast';
    complete.model_input_names = ['input_ids', ...(tokenTypes ? ['token_type_ids'] : []), 'attention_mask'];
  }
  for (const role of ROLES) {
    const content = added.find(({ id }) => id === special[role])?.content;
    if (content !== undefined) complete[`${role}_token`] ??= content;
  }
  if (Number.isFinite(maxLength)) complete.model_max_length ??= maxLength;
  const changed = stated === undefined || Object.keys(complete).some((key) => complete[key] !== config[key]);
  return {
    ...files,
    ...(text === undefined && { 'tokenizer.json': JSON.stringify(json) }),
    ...(changed && { 'tokenizer_config.json': `${JSON.stringify(complete, null, 2)}\n` }),
  };
}
