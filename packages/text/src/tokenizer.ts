import { createAddedTokens } from './added-tokens.js';
import { byteLevelTokenizerJson } from './byte-level-json.js';
import { wordsBeforeBytes } from './byte-pair-bytes.js';
import {
  applyChatTemplate,
  type ChatMessage,
  type ChatTemplateOptions,
  readChatTemplates,
} from './chat/chat-template.js';
import {
  configuredTokens,
  specialTokenTexts,
  withPrefixSpace,
  withSpecialTokensMap,
} from './configured-tokens.js';
import { TokenizerError } from './errors.js';
import { createNormalizer } from './normalizer.js';
import { createPieceModel } from './piece-model.js';
import { createPreTokenizer } from './pre-tokenizer.js';
import { type JsonObject, readObject } from './read-field.js';
import { applyTemplate, createTemplates, type EncodedIds, specialCount, type Templates } from './template.js';
import { readSpecialIds, type SpecialIds, wordPieceFromVocabTxt } from './tokenizer-files.js';
import { truncatePair } from './truncate.js';
import { wellFormed } from './unicode.js';

/**
 * The parsed files of a checkpoint; `tokenizerJson` decides, `vocabTxt` or `vocabJson` with `mergesTxt` is read when it is missing.
 * As in transformers 5.18, `add_bos_token` and `add_eos_token` of the config change nothing beside a tokenizer.json.
 */
export interface TokenizerFiles {
  tokenizerJson?: unknown;
  tokenizerConfig?: unknown;
  specialTokensMap?: unknown;
  addedTokens?: unknown;
  vocabTxt?: string;
  vocabJson?: unknown;
  mergesTxt?: string;
  chatTemplateJinja?: string;
}

/** One encoded text; `truncated` counts the pieces that were cut. */
export interface Encoding extends EncodedIds {
  truncated: number;
}

/** One encoded pair; `truncated` counts the pieces that were cut from each text. */
export interface PairEncoding extends EncodedIds {
  truncated: { query: number; passage: number };
}

/**
 * Texts to ids, equal to Python's `tokenizers` on the same files. The `truncation` and `padding` entries of a
 * tokenizer.json are not applied: the caller names a length, `pack.ts` pads. A lone surrogate counts as U+FFFD.
 */
export class Tokenizer {
  readonly clsId: number | undefined;
  readonly sepId: number | undefined;
  readonly maskId: number | undefined;
  readonly unkId: number | undefined;
  /** Largest id + 1: the rows that an embedding matrix needs. */
  readonly vocabSize: number;
  /** `model_max_length` of tokenizer_config.json in tokens; Infinity where the files set no limit. */
  readonly modelMaxLength: number;
  /** The model's own templates, for callers that build sequences from pieces. */
  readonly templates: Templates;
  readonly #padId: number | undefined;
  readonly #encodePieces: (text: string) => number[];
  /** The id of a token's text; an added token's own comes before the vocabulary's. */
  readonly #ids: Pick<ReadonlyMap<string, number>, 'get'>;

  readonly #chatTemplates: ReadonlyMap<string, string>;
  readonly #specialTokens: Readonly<Record<string, string>>;

  private constructor(json: JsonObject, config: JsonObject, files: TokenizerFiles) {
    const normalizer = createNormalizer(json.normalizer);
    const wordsOfText = wordsBeforeBytes(json.pre_tokenizer, json.model);
    const preTokenizer = createPreTokenizer(wordsOfText ?? json.pre_tokenizer);
    const model = createPieceModel(json.model, 'tokenizer.json model', wordsOfText !== undefined);
    const addedTokens = configuredTokens(json.added_tokens, config, files.addedTokens, model.ids);
    const added = createAddedTokens(addedTokens, normalizer);
    this.templates = createTemplates(json.post_processor);
    this.#ids = { get: (token) => added.ids.get(token) ?? model.ids.get(token) };
    const special: SpecialIds = readSpecialIds(json, config, this.#ids);
    this.#padId = special.pad;
    this.clsId = special.cls;
    this.sepId = special.sep;
    this.maskId = special.mask;
    this.unkId = model.unkId ?? special.unk;
    this.modelMaxLength = special.modelMaxLength;
    this.#chatTemplates = readChatTemplates(config, files.chatTemplateJinja);
    this.#specialTokens = specialTokenTexts(config);
    let largest = -1;
    for (const ids of [model.ids, added.ids]) for (const id of ids.values()) largest = Math.max(largest, id);
    this.vocabSize = largest + 1;
    this.#encodePieces = (text) => {
      const ids: number[] = [];
      for (const raw of added.splitRaw(wellFormed(text))) {
        if (raw.id !== undefined) {
          ids.push(raw.id);
          continue;
        }
        for (const section of added.splitNormalized(normalizer(raw.text))) {
          if (section.id !== undefined) ids.push(section.id);
          else model.encode(preTokenizer(section.text, raw.start === 0 && section.start === 0), ids);
        }
      }
      return ids;
    };
  }

  /**
   * Opens a tokenizer from the parsed files. Without `tokenizerJson`, a BERT WordPiece tokenizer is built from
   * `vocabTxt` with `do_lower_case` (default true, as transformers), `strip_accents` and
   * `tokenize_chinese_chars` of `tokenizerConfig`, or a byte-level BPE from `vocabJson` and `mergesTxt` by its
   * `tokenizer_class`. Throws TokenizerError naming the entry that is missing,
   * malformed, oversized or not implemented.
   */
  static fromFiles(files: TokenizerFiles): Tokenizer {
    const stated = readObject(files.tokenizerConfig ?? {}, 'tokenizer_config.json');
    const config = withSpecialTokensMap(stated, files.specialTokensMap);
    return new Tokenizer(tokenizerJsonOf(files, config), config, files);
  }

  /** The id that pads; throws TokenizerError when the tokenizer has none. */
  get padId(): number {
    if (this.#padId === undefined)
      throw new TokenizerError(
        'tokenizer',
        'a padding token',
        'none',
        'set "pad_token" in tokenizer_config.json',
      );
    return this.#padId;
  }

  /** The id of a token's text, or undefined. */
  tokenToId(token: string): number | undefined {
    return this.#ids.get(token);
  }

  /** Ids of `text` without special tokens (those that the text itself spells are recognised). */
  encodePieces(text: string): number[] {
    if (typeof text !== 'string')
      throw new TokenizerError('encode', 'a string', typeof text, 'pass the text itself');
    return this.#encodePieces(text);
  }

  /** Encodes one text; `maxLength` counts special tokens and cuts the end of the text. */
  encode(text: string, options: { addSpecialTokens?: boolean; maxLength?: number } = {}): Encoding {
    const { addSpecialTokens = true, maxLength = Number.POSITIVE_INFINITY } = options;
    const pieces = this.encodePieces(text);
    const room = roomFor(maxLength, addSpecialTokens ? specialCount(this.templates.single) : 0, 1);
    const encoded = applyTemplate(
      this.templates.single,
      { A: pieces.slice(0, room), B: [] },
      addSpecialTokens,
    );
    return { ...encoded, truncated: Math.max(0, pieces.length - room) };
  }

  /**
   * Encodes `(query, passage)` in the pair template, also when one of them is empty, in at most `maxLength`
   * tokens: the passage is cut first (`only_second`); `truncatePair` states what happens to a query that
   * leaves it no room.
   */
  encodePair(query: string, passage: string, options: { maxLength?: number } = {}): PairEncoding {
    const queryIds = this.encodePieces(query);
    const passageIds = this.encodePieces(passage);
    const room = roomFor(options.maxLength ?? Number.POSITIVE_INFINITY, this.pairSpecialCount, 2);
    const keep = truncatePair(queryIds.length, passageIds.length, room);
    return {
      ...this.buildPair(queryIds.slice(0, keep.query), passageIds.slice(0, keep.passage)),
      truncated: { query: queryIds.length - keep.query, passage: passageIds.length - keep.passage },
    };
  }

  /**
   * A conversation as the text that the model reads, special tokens included: encode it with `addSpecialTokens: false`.
   * @throws TokenizerError where the files have no such template, or it refuses the messages
   */
  applyChatTemplate(messages: readonly ChatMessage[], options: ChatTemplateOptions = {}): string {
    return applyChatTemplate(this.#chatTemplates, this.#specialTokens, messages, options);
  }

  /** Number of special tokens in the pair template. */
  get pairSpecialCount(): number {
    return specialCount(this.templates.pair);
  }

  /** Puts ids without special tokens into the pair template; nothing is cut. */
  buildPair(queryIds: readonly number[], passageIds: readonly number[]): EncodedIds {
    return applyTemplate(this.templates.pair, { A: queryIds, B: passageIds });
  }
}

/**
 * tokenizer.json, or what the older files beside it make.
 * @throws TokenizerError where there are none, or malformed ones
 */
export function tokenizerJsonOf(files: TokenizerFiles, config: JsonObject): JsonObject {
  if (files.tokenizerJson !== undefined)
    return withPrefixSpace(readObject(files.tokenizerJson, 'tokenizer.json'), config);
  if (files.vocabTxt !== undefined) return wordPieceFromVocabTxt(files.vocabTxt, config);
  if (files.vocabJson !== undefined && files.mergesTxt !== undefined)
    return byteLevelTokenizerJson(files.vocabJson, files.mergesTxt, config);
  throw new TokenizerError(
    'tokenizer',
    'tokenizer.json or vocab.txt',
    'neither',
    'add one to the checkpoint; where it has a SentencePiece file alone (tokenizer.model, spiece.model), open it with AutoTokenizer of transformers and save it, which writes tokenizer.json',
  );
}

/** Tokens left for text; throws TokenizerError unless each of `texts` texts can have one. */
function roomFor(maxLength: number, specials: number, texts: number): number {
  const isLength = maxLength === Number.POSITIVE_INFINITY || Number.isInteger(maxLength);
  if (!isLength || maxLength < specials + texts)
    throw new TokenizerError(
      'maxLength',
      `an integer of at least ${specials + texts} (${specials} special tokens and ${texts} of text)`,
      String(maxLength),
      'raise it',
    );
  return maxLength - specials;
}
