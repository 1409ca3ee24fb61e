import { byteCharacters } from './byte-pair-bytes.js';
import { WordCache } from './byte-pair-cache.js';
import { readMerges } from './byte-pair-merges.js';
import { ABSENT, Symbols, spellBytes, spellCharacters } from './byte-pair-symbols.js';
import { createMergeWord } from './byte-pair-word.js';
import { TokenizerError } from './errors.js';
import type { PieceModel } from './piece-model.js';
import { describe, type JsonObject, readBoolean, readString } from './read-field.js';

/**
 * The BPE model of a tokenizer.json: of SentencePiece (symbols are characters, perhaps with `byte_fallback`) or, `ofBytes`, of a
 * byte-level vocabulary whose words come as text. Equal to `tokenizers` `models/bpe/model.rs`; time is n log n in the length of
 * a word, words are remembered in bounded memory.
 * @throws TokenizerError for malformed merges and for `dropout`; from `encode` where an unknown token is needed and absent
 */
export function createBytePair(
  config: JsonObject,
  ids: ReadonlyMap<string, number>,
  where: string,
  ofBytes: boolean,
): PieceModel {
  if ((config.dropout ?? 0) !== 0)
    throw new TokenizerError(
      `${where}.dropout`,
      'null',
      describe(config.dropout),
      'ids would be drawn at random; set it to null',
    );
  const flag = (name: string): boolean => readBoolean(config[name], `${where}.${name}`, false);
  const affix = (name: string): string => readString(config[name] ?? '', `${where}.${name}`, 64);
  const [prefix, suffix] = [affix('continuing_subword_prefix'), affix('end_of_word_suffix')];
  const [byteFallback, fuses, ignoresMerges] = ['byte_fallback', 'fuse_unk', 'ignore_merges'].map(flag);
  const mergeWord = createMergeWord(readMerges(config.merges, ids, prefix.length, `${where}.merges`));

  const unkToken = config.unk_token ?? undefined;
  const unkId = unkToken === undefined ? undefined : ids.get(readString(unkToken, `${where}.unk_token`));
  const symbols = new Symbols(() => {
    // Without an unknown token what cannot be spelt is dropped; one that is named and not there is an error when it is met.
    if (unkToken === undefined || unkId !== undefined) return unkId;
    throw new TokenizerError(`${where}.unk_token`, 'a token of the vocabulary', describe(unkToken), 'add it');
  }, fuses!);

  const idsOf = (pieces: readonly string[]) => Int32Array.from(pieces, (piece) => ids.get(piece) ?? ABSENT);
  const fallback = byteFallback ? idsOf(fallbackPieces) : new Int32Array(0);
  const spell = ofBytes
    ? spellBytes(idsOf(byteCharacters))
    : spellCharacters(ids, { prefix, suffix, fallback });
  const encoder = new TextEncoder();
  const pieceOf = (word: string): string =>
    ofBytes ? Array.from(encoder.encode(word), (byte) => byteCharacters[byte]!).join('') : word;

  const cache = new WordCache();
  return {
    ids,
    unkId,
    encode(words, out) {
      for (const word of words) {
        if (cache.read(word, out)) continue;
        const whole = ignoresMerges ? ids.get(pieceOf(word)) : undefined;
        if (whole !== undefined) {
          out.push(whole);
          continue;
        }
        spell(symbols, word);
        const count = mergeWord(symbols.ids, symbols.count);
        for (let i = 0; i < count; i += 1) out.push(symbols.ids[i]!);
        cache.write(word, symbols.ids, count);
      }
    },
  };
}

/** The piece of each byte in a vocabulary with byte fallback, google/sentencepiece `ByteToPiece`. */
const fallbackPieces: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
);
