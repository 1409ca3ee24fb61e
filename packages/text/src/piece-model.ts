import { TokenizerError } from './errors.js';
import { BPE, type LibraryModel, WordPiece } from './library.js';
import {
  describe,
  type JsonObject,
  readArray,
  readBoolean,
  readInteger,
  readObject,
  readString,
} from './read-field.js';
import { createUnigram } from './unigram.js';

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
 * The model of a tokenizer.json: WordPiece and BPE run in @huggingface/tokenizers, Unigram in `unigram.ts`
 * (the library's overflows the stack on one long word and joins unknown pieces across words).
 * Throws TokenizerError on a malformed vocabulary or an unknown type.
 */
export function createPieceModel(value: unknown, where = 'tokenizer.json model'): PieceModel {
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
    case 'BPE': {
      const ids = readVocab(config.vocab, `${where}.vocab`);
      const merges = readArray(config.merges, `${where}.merges`, MAX_PIECES).map((merge, i) =>
        readMerge(merge, `${where}.merges[${i}]`),
      );
      const unkToken = config.unk_token ?? undefined;
      const unkId = unkToken === undefined ? undefined : ids.get(readString(unkToken, `${where}.unk_token`));
      const flag = (name: string) => readBoolean(config[name], `${where}.${name}`, false);
      const suffix = (name: string) => {
        const text = config[name] ?? null;
        return text === null ? null : readString(text, `${where}.${name}`, 64);
      };
      const model = new BPE({
        ...config,
        merges,
        ignore_merges: flag('ignore_merges'),
        byte_fallback: flag('byte_fallback'),
        end_of_word_suffix: suffix('end_of_word_suffix'),
        continuing_subword_suffix: suffix('continuing_subword_suffix'),
      });
      return wrap(model, ids, unkId);
    }
    default:
      throw new TokenizerError(
        `${where}.type`,
        'WordPiece, BPE or Unigram',
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

/** `"a b"`, or `["a", "b"]` as versions from 0.20 write it. */
function readMerge(value: unknown, where: string): readonly [string, string] {
  const halves = typeof value === 'string' ? value.split(' ') : readArray(value, where, 2);
  if (halves.length !== 2)
    throw new TokenizerError(where, 'two pieces', describe(value), 'the file is damaged');
  return [readString(halves[0], where), readString(halves[1], where)];
}

function readVocab(value: unknown, where: string): Map<string, number> {
  const entries = Object.entries(readObject(value, where));
  if (entries.length > MAX_PIECES)
    throw new TokenizerError(
      where,
      `at most ${MAX_PIECES} tokens`,
      String(entries.length),
      'cut the vocabulary',
    );
  return new Map(
    entries.map(([token, id]) => [token, readInteger(id, `${where}[${JSON.stringify(token)}]`, MAX_ID)]),
  );
}

function wrap(model: LibraryModel, ids: ReadonlyMap<string, number>, unkId: number | undefined): PieceModel {
  return {
    ids,
    unkId,
    encode(words, out) {
      for (const word of words) {
        for (const token of model([word])) {
          const id = ids.get(token) ?? unkId;
          // A BPE without an unknown token drops what it cannot spell, as `tokenizers` does.
          if (id !== undefined) out.push(id);
        }
      }
    },
  };
}
