import { TokenizerError } from './errors.js';

/** Choices that a vocab.txt leaves open; the names are those of tokenizer_config.json. */
export interface WordPieceOptions {
  lowercase: boolean;
  /** Default: the value of `lowercase`, as the original BERT. */
  stripAccents?: boolean | null;
  tokenizeChineseChars?: boolean;
  /** Texts of the special tokens in this vocabulary. */
  specials?: Partial<SpecialTokens>;
}

export interface SpecialTokens {
  pad_token: string;
  unk_token: string;
  cls_token: string;
  sep_token: string;
  mask_token: string;
}

/** BERT's special tokens under the keys of tokenizer_config.json. */
export const bertSpecialTokens: Readonly<SpecialTokens> = {
  pad_token: '[PAD]',
  unk_token: '[UNK]',
  cls_token: '[CLS]',
  sep_token: '[SEP]',
  mask_token: '[MASK]',
};

const MAX_VOCABULARY_CHARACTERS = 1 << 26;

/**
 * The tokens of a vocab.txt, one per line, id = line number from 0; the end of a line is trimmed and the later
 * of two equal lines gives the id, as `tokenizers` does. Throws TokenizerError on an empty or oversized text.
 */
export function readVocabTxt(text: string): Map<string, number> {
  if (typeof text !== 'string' || text.length > MAX_VOCABULARY_CHARACTERS)
    throw new TokenizerError(
      'vocab.txt',
      `text of at most ${MAX_VOCABULARY_CHARACTERS} characters`,
      typeof text === 'string' ? `${text.length} characters` : typeof text,
      'pass the contents of the file',
    );
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  if (lines.length === 0)
    throw new TokenizerError('vocab.txt', 'one token a line', 'an empty file', 'take it again');
  return new Map(lines.map((line, id) => [line.trimEnd(), id]));
}

/**
 * The tokenizer.json of a BERT WordPiece tokenizer over `vocab` (tokens in id order, or token → id): the object
 * that Python's `tokenizers` and `transformers` open. Throws TokenizerError when a special token is missing.
 */
export function wordPieceTokenizerJson(
  vocab: readonly string[] | ReadonlyMap<string, number>,
  options: WordPieceOptions,
): Record<string, unknown> {
  const ids =
    vocab instanceof Map ? vocab : new Map((vocab as readonly string[]).map((token, id) => [token, id]));
  const names: SpecialTokens = { ...bertSpecialTokens, ...options.specials };
  const idOf = (role: keyof SpecialTokens): number => {
    const id = ids.get(names[role]);
    if (id === undefined)
      throw new TokenizerError(
        'WordPiece vocabulary',
        `the ${role} ${names[role]}`,
        'none',
        `add it, or name the vocabulary's own ${role} in tokenizer_config.json`,
      );
    return id;
  };
  const roles: (keyof SpecialTokens)[] = ['pad_token', 'unk_token', 'cls_token', 'sep_token', 'mask_token'];
  const specialPiece = (role: 'cls_token' | 'sep_token', type_id: number) => ({
    SpecialToken: { id: names[role], type_id },
  });
  const single = [
    specialPiece('cls_token', 0),
    { Sequence: { id: 'A', type_id: 0 } },
    specialPiece('sep_token', 0),
  ];
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: roles
      .map((role) => ({
        id: idOf(role),
        content: names[role],
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      }))
      .sort((a, b) => a.id - b.id),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: options.tokenizeChineseChars ?? true,
      strip_accents: options.stripAccents ?? null,
      lowercase: options.lowercase,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single,
      pair: [...single, { Sequence: { id: 'B', type_id: 1 } }, specialPiece('sep_token', 1)],
      special_tokens: Object.fromEntries(
        (['cls_token', 'sep_token'] as const).map((role) => [
          names[role],
          { id: names[role], ids: [idOf(role)], tokens: [names[role]] },
        ]),
      ),
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: names.unk_token,
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(ids),
    },
  };
}
