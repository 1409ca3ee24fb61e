import { type EncoderConfig, longestSequence } from '@rag/models';
import type { EncodedIds, Tokenizer } from '@rag/text';
import { type ColbertSettings, checkSettings } from './colbert-settings.js';

/** One query or passage, a number per token in each row. */
export interface TokenSequence extends EncodedIds {
  /** 1 for tokens that others attend to, 0 for those of an expansion that is not attended to. */
  readonly attention: readonly number[];
  /** 1 for tokens whose vectors count. */
  readonly scored: readonly number[];
}

/** Texts to token sequences as the model's settings want them. */
export interface TextEncoder {
  readonly settings: ColbertSettings;
  readonly padId: number;
  encodeQuery(text: string): TokenSequence;
  encodePassage(text: string): TokenSequence;
}

export interface TextEncoderOptions {
  /** Most tokens of a query, special ones included; by default the settings' `query_length`. */
  readonly queryLength?: number | undefined;
  readonly passageLength?: number | undefined;
}

/**
 * Markers, lengths, expansion and masks of RAG-Retrieval, PyLate and Stanford's ColBERT.
 * @throws RangeError for a length that the model does not allow, and for a marker or mask token that the tokenizer lacks
 */
export function textEncoder(
  tokenizer: Tokenizer,
  config: EncoderConfig,
  model: ColbertSettings,
  { queryLength = model.query_length, passageLength = model.document_length }: TextEncoderOptions = {},
): TextEncoder {
  const settings = checkSettings(
    { ...model, query_length: queryLength, document_length: passageLength },
    config.hidden_size,
    longestSequence(config),
  );
  const { layout, maskSpecialTokens } = settings;
  const queryMarker = markerId(tokenizer, settings, 'query_prefix');
  const passageMarker = markerId(tokenizer, settings, 'document_prefix');
  // The original masks by id, wherever a text spells such a token.
  const special = new Set(maskSpecialTokens ? [tokenizer.padId, tokenizer.clsId] : []);
  const skiplist = new Set([
    ...special,
    ...settings.skiplist_words.map((word) => skipId(tokenizer, word, layout)),
  ]);
  const expansionId = settings.do_query_expansion ? expansion(tokenizer) : undefined;
  const encode = (
    text: string,
    marker: number | undefined,
    length: number,
    masked: ReadonlySet<unknown>,
  ): TokenSequence => {
    // sentence-transformers strips what it tokenizes; RAG-Retrieval and Stanford's ColBERT do not.
    const stripped = layout === 'pylate' ? text.trim() : text;
    const { input_ids, token_type_ids } = tokenizer.encode(
      settings.do_lower_case ? stripped.toLowerCase() : stripped,
      { maxLength: marker === undefined ? length : length - 1 },
    );
    if (marker !== undefined) {
      input_ids.splice(1, 0, marker);
      token_type_ids.splice(1, 0, 0);
    }
    return {
      input_ids,
      // A model with one token type (RoBERTa) takes no second one, whatever the template says.
      token_type_ids: config.type_vocab_size > 1 ? token_type_ids : token_type_ids.map(() => 0),
      attention: input_ids.map(() => 1),
      scored: input_ids.map((id, i) => ((maskSpecialTokens && i === 0) || masked.has(id) ? 0 : 1)),
    };
  };
  return {
    settings,
    padId: tokenizer.padId,
    encodeQuery(text) {
      const sequence = encode(text, queryMarker, queryLength, special);
      if (expansionId === undefined) return sequence;
      const fill = (value: number) => new Array<number>(queryLength - sequence.input_ids.length).fill(value);
      return {
        input_ids: [...sequence.input_ids, ...fill(expansionId)],
        token_type_ids: [...sequence.token_type_ids, ...fill(0)],
        attention: [...sequence.attention, ...fill(settings.attend_to_expansion_tokens ? 1 : 0)],
        scored: [...sequence.scored, ...fill(1)],
      };
    },
    encodePassage: (text) => encode(text, passageMarker, passageLength, skiplist),
  };
}

function markerId(
  tokenizer: Tokenizer,
  settings: ColbertSettings,
  key: 'query_prefix' | 'document_prefix',
): number | undefined {
  const marker = settings[key];
  if (marker === '') return undefined;
  const id = tokenizer.tokenToId(marker);
  if (id === undefined)
    throw new RangeError(
      `${key}: expected a token of the tokenizer, got ${JSON.stringify(marker)} — use the tokenizer.json that was saved with the model`,
    );
  return id;
}

/** As PyLate looks words up: what is no token becomes the unknown one. Stanford's ColBERT takes a word's first piece. */
function skipId(tokenizer: Tokenizer, word: string, layout: ColbertSettings['layout']): number {
  const id =
    layout === 'colbertv2' ? tokenizer.encodePieces(word)[0] : (tokenizer.tokenToId(word) ?? tokenizer.unkId);
  if (id === undefined)
    throw new RangeError(
      `skiplist_words: expected tokens of the tokenizer, got ${JSON.stringify(word)} — leave it out of the settings`,
    );
  return id;
}

/** What PyLate fills queries up with. */
function expansion(tokenizer: Tokenizer): number {
  if (tokenizer.maskId === undefined)
    throw new RangeError(
      'do_query_expansion: expected a tokenizer with a mask token, got none — set it to false, or name "mask_token" in tokenizer_config.json',
    );
  return tokenizer.maskId;
}
