import { createBytePair } from './byte-pair.js';
import { TokenizerError } from './errors.js';
import { type LibraryModel, WordPiece } from './library.js';
import { describe, type JsonObject, readInteger, readObject, readString } from './read-field.js';
import { createUnigram } from './unigram.js';
import { createWordLevel } from './word-level.js';

/** Turns words into piece ids. */
export interface PieceModel {
  readonly ids: ReadonlyMap<string, number>;
  readonly unkId: number | undefined;
  /** Appends the ids of `words` to `out`. */
  encode(words: readonly string[], out: number[]): void;
}

const MAX_ID = (1 << 24) - 1;
const MAX_PIECES = 1 << 22;

/**
 * The model of a tokenizer.json: WordPiece runs in @huggingface/tokenizers, BPE in `byte-pair.ts` (the library's is slow on
 * words without spaces), Unigram in `unigram.ts` (the library's overflows the stack on one long word and joins unknown pieces
 * across words). `ofBytes`: a byte-level BPE is given words as text, `byte-pair-bytes.ts`.
 * Throws TokenizerError on a malformed vocabulary or an unknown type.
 */
export function createPieceModel(
  value: unknown,
  where = 'tokenizer.json model',
  ofBytes = false,
): PieceModel {
  const config = readObject(value, where);
  switch (modelType(config)) {
    case 'Unigram':
      return createUnigram(config, where);
    case 'WordPiece': {
      const ids = readVocab(config.vocab, `${where}.vocab`);
      const unkToken = readString(config.unk_token ?? '[UNK]', `${where}.unk_token`);
      const unkId = ids.get(unkToken);
      if (unkId === undefined)
        throw new TokenizerError(`${where}.unk_token`, 'a token of the vocabulary', unkToken, 'add it');
      const prefix = readString(
        config.continuing_subword_prefix ?? '##',
        `${where}.continuing_subword_prefix`,
      );
      const longest = readInteger(
        config.max_input_chars_per_word ?? 100,
        `${where}.max_input_chars_per_word`,
        10_000,
      );
      const model = new WordPiece({
        type: 'WordPiece',
        vocab: readObject(config.vocab, where),
        unk_token: unkToken,
        continuing_subword_prefix: prefix,
        max_input_chars_per_word: longest,
      });
      return wrap(model, ids, unkId);
    }
    case 'BPE':
      return createBytePair(config, readVocab(config.vocab, `${where}.vocab`), where, ofBytes);
    case 'WordLevel':
      return createWordLevel(config, readVocab(config.vocab, `${where}.vocab`), where);
    default:
      throw new TokenizerError(
        `${where}.type`,
        'WordPiece, BPE, Unigram or WordLevel',
        describe(config.type),
        'this tokenizer cannot be reproduced here yet',
      );
  }
}

/** The type, told from the keys in files written before `type` existed. */
function modelType(config: JsonObject): unknown {
  if (config.type !== undefined) return config.type;
  if (Array.isArray(config.vocab)) return 'Unigram';
  if ('merges' in config) return 'BPE';
  return 'max_input_chars_per_word' in config ? 'WordPiece' : undefined;
}

function readVocab(value: unknown, where: string): Map<string, number> {
  const vocab = readObject(value, where);
  const tokens = Object.keys(vocab);
  if (tokens.length > MAX_PIECES)
    throw new TokenizerError(
      where,
      `at most ${MAX_PIECES} tokens`,
      String(tokens.length),
      'cut the vocabulary',
    );
  const ids = new Map<string, number>();
  for (const token of tokens) {
    const id = vocab[token];
    const isId = typeof id === 'number' && Number.isInteger(id) && id >= 0 && id <= MAX_ID;
    ids.set(token, isId ? id : readInteger(id, `${where}[${JSON.stringify(token)}]`, MAX_ID));
  }
  return ids;
}

function wrap(model: LibraryModel, ids: ReadonlyMap<string, number>, unkId: number | undefined): PieceModel {
  return {
    ids,
    unkId,
    encode(words, out) {
      for (const word of words) {
        for (const token of model([word])) {
          const id = ids.get(token) ?? unkId;
          if (id !== undefined) out.push(id);
        }
      }
    },
  };
}
