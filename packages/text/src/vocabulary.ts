import { mergePieces, type WordPieces } from './merge-pieces.js';
import { createNormalizer } from './normalizer.js';
import { createPreTokenizer } from './pre-tokenizer.js';
import { wellFormed } from './unicode.js';
import { bertSpecialTokens } from './word-piece-json.js';

export interface VocabularyOptions {
  /** Tokens at most, special tokens included. */
  size: number;
  /** How often a character or a merged piece must occur. Default 2. */
  minFrequency?: number;
  /** Lower-case and strip accents, as the tokenizer that will use the vocabulary. Default true. */
  lowercase?: boolean;
}

/**
 * A WordPiece vocabulary for training from scratch, in id order: BERT's special tokens, then characters by
 * frequency (each also as `##` continuation where it occurs so), then pieces merged by frequency until `size`
 * is reached. CJK ideographs stay single, since BERT's normalizer separates them. The result depends on the
 * multiset of texts only: ties go to the smaller string. Throws RangeError when `size` has no room for text.
 * Reference: the WordPiece trainer of `tokenizers`, which merges pairs by frequency (Sennrich et al. 2016).
 */
export function buildWordPieceVocabulary(corpus: Iterable<string>, options: VocabularyOptions): string[] {
  const { size, minFrequency = 2, lowercase = true } = options;
  const specials = Object.values(bertSpecialTokens);
  if (!Number.isInteger(size) || size <= specials.length || !(minFrequency >= 1))
    throw new RangeError(
      `buildWordPieceVocabulary: expected a size above ${specials.length} and a minFrequency of at least 1, ` +
        `got ${size} and ${minFrequency} — raise them`,
    );
  const words = countWords(corpus, lowercase);
  const characters = new Map<string, number>();
  const spelled: WordPieces[] = [];
  for (const [word, count] of words) {
    const pieces = [...word].map((char, i) => (i === 0 ? char : `##${char}`));
    for (const piece of pieces) characters.set(piece, (characters.get(piece) ?? 0) + count);
    spelled.push({ pieces, count });
  }
  const alphabet = [...characters]
    .filter(([, count]) => count >= minFrequency)
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .map(([piece]) => piece)
    .slice(0, size - specials.length);
  const vocabulary = new Set([...specials, ...alphabet]);
  const known = spelled.filter(({ pieces }) => pieces.every((piece) => vocabulary.has(piece)));
  for (const piece of mergePieces(known, minFrequency)) {
    if (vocabulary.size >= size) break;
    vocabulary.add(piece);
  }
  return [...vocabulary];
}

/** Words in the order of their text, as BERT's normalizer and pre-tokenizer make them. */
function countWords(corpus: Iterable<string>, lowercase: boolean): [word: string, count: number][] {
  const normalizer = createNormalizer({ type: 'BertNormalizer', lowercase });
  const preTokenizer = createPreTokenizer({ type: 'BertPreTokenizer' });
  const counts = new Map<string, number>();
  for (const text of corpus)
    for (const word of preTokenizer(normalizer(wellFormed(text)), true))
      counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
}
