import { TokenizerError } from './errors.js';
import type { PieceModel } from './piece-model.js';
import { type JsonObject, readString } from './read-field.js';

/**
 * The WordLevel model of a tokenizer.json: one id a word, `unk_token` for words it does not have.
 * `encode` throws TokenizerError for such a word where the vocabulary has no `unk_token` either.
 */
export function createWordLevel(
  config: JsonObject,
  ids: ReadonlyMap<string, number>,
  where = 'tokenizer.json model',
): PieceModel {
  const unkToken = readString(config.unk_token ?? '<unk>', `${where}.unk_token`);
  const unkId = ids.get(unkToken);
  return {
    ids,
    unkId,
    encode(words, out) {
      for (const word of words) {
        const id = ids.get(word) ?? unkId;
        if (id === undefined)
          throw new TokenizerError(`${where}.unk_token`, 'a word of the vocabulary', unkToken, 'add it');
        out.push(id);
      }
    },
  };
}
