import { createAddedTokens } from './added-tokens.js';
import { configuredTokens, withSpecialTokensMap } from './configured-tokens.js';
import { parseFile, renumberFiles, statedIds, type VocabularyFiles } from './cut-vocabulary-files.js';
import { cuttableModel } from './cut-vocabulary-model.js';
import { createNormalizer } from './normalizer.js';
import { createPreTokenizer } from './pre-tokenizer.js';
import { tokenizerJsonOf } from './tokenizer.js';
import { wellFormed } from './unicode.js';

export interface CountPiecesOptions {
  /** Lower-case every text first, as sentence-transformers does for `do_lower_case`. @default false */
  readonly lowercase?: boolean;
}

export interface CutVocabularyOptions {
  /** How often the counted texts must use a piece for it to stay. @default 1 */
  readonly minCount?: number;
  /** Tokens that stay by their text; those that the vocabulary lacks are passed over. */
  readonly keepTokens?: Iterable<string>;
  /** Ids that stay, also such as no piece has. */
  readonly keepIds?: Iterable<number>;
}

/** A vocabulary with fewer pieces. */
export interface VocabularyCut {
  /** The ids before the cut by those after it, ascending: rows to take from a table of embeddings. */
  readonly ids: readonly number[];
  /** The given files with new ids; JSON keeps its keys. */
  readonly files: VocabularyFiles;
  /** Ids that the tokenizer could give before the cut. */
  readonly before: number;
}

/** Counts the pieces that texts use. */
export interface PieceCounter {
  add(text: string): void;
  /** @throws RangeError for an id or a count that is no whole number */
  cut(options?: CutVocabularyOptions): VocabularyCut;
}

/**
 * Opens the tokenizer of a checkpoint's files to cut its vocabulary to the pieces that texts use. Added tokens, single characters,
 * bytes and what pieces are merged from always stay. With `minCount` 1 every counted text keeps its pieces under new ids:
 * - Unigram: the best path stays, others can only go, and the rarest piece, on which the cost of unknown characters rests, stays;
 * - BPE: the merges that a piece is made by stay in their order, and a merge that goes could not be applied;
 * - WordPiece: the longest pieces stay, also those before a place where none fits.
 * @throws TokenizerError for files that make no tokenizer
 */
export function countPieces(
  files: VocabularyFiles,
  { lowercase = false }: CountPiecesOptions = {},
): PieceCounter {
  const { json, config, addedTokens } = openedFiles(files, lowercase);
  const lower = lowercase ? createNormalizer({ type: 'Lowercase' }) : (text: string) => text;
  const inner = createNormalizer(json.normalizer);
  const normalizer = (text: string) => inner(lower(text));
  const preTokenizer = createPreTokenizer(json.pre_tokenizer);
  const model = cuttableModel(json.model);
  const added = createAddedTokens(
    configuredTokens(json.added_tokens, config, addedTokens, model.ids),
    normalizer,
  );
  const stated = [...statedIds(files), ...added.ids.values()];
  const all = new Set([...model.ids.values(), ...stated]);
  const counts = new Map<number, number>();
  const addWords = (text: string, atStart: boolean) => {
    for (const word of preTokenizer(text, atStart))
      for (const id of model.visit(word)) counts.set(id, (counts.get(id) ?? 0) + 1);
  };
  return {
    add(text) {
      for (const raw of added.splitRaw(wellFormed(text))) {
        if (raw.id !== undefined) continue;
        for (const section of added.splitNormalized(normalizer(raw.text)))
          if (section.id === undefined) addWords(section.text, raw.start === 0 && section.start === 0);
      }
    },
    cut({ minCount = 1, keepTokens = [], keepIds = [] } = {}) {
      if (!Number.isInteger(minCount) || minCount < 1)
        throw new RangeError(
          `minCount: expected a whole number from 1, got ${minCount} — leave it out for 1`,
        );
      const kept = new Set([...model.base, ...stated]);
      for (const id of keepIds) {
        if (!Number.isInteger(id) || id < 0)
          throw new RangeError(`keepIds: expected whole numbers from 0, got ${id} — give ids`);
        kept.add(id);
      }
      for (const token of keepTokens) {
        const id = model.ids.get(token);
        if (id !== undefined) kept.add(id);
      }
      for (const [id, count] of counts) if (count >= minCount) kept.add(id);
      model.close(kept);
      const ids = [...kept].sort((a, b) => a - b);
      const newIds = new Map(ids.map((id, i) => [id, i]));
      return { ids, files: renumberFiles(files, model.cut(newIds), newIds), before: all.size };
    },
  };
}

/** What `openTokenizer` makes of the files. */
function openedFiles(files: VocabularyFiles, lowercase: boolean) {
  const stated = parseFile(files, 'tokenizer_config.json') ?? {};
  const tokenizerJson = parseFile(files, 'tokenizer.json');
  const config = {
    ...withSpecialTokensMap(stated, parseFile(files, 'special_tokens_map.json')),
    ...(tokenizerJson === undefined && lowercase && { do_lower_case: true }),
  };
  const [vocabTxt, vocabJson, mergesTxt] = [
    files['vocab.txt'],
    parseFile(files, 'vocab.json'),
    files['merges.txt'],
  ];
  const json = tokenizerJsonOf(
    {
      ...(tokenizerJson && { tokenizerJson }),
      ...(vocabTxt !== undefined && { vocabTxt }),
      ...(vocabJson && { vocabJson }),
      ...(mergesTxt !== undefined && { mergesTxt }),
    },
    config,
  );
  return { json, config, addedTokens: parseFile(files, 'added_tokens.json') };
}
