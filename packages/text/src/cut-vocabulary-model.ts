import { TokenizerError } from './errors.js';
import { createPieceModel } from './piece-model.js';
import { describe, type JsonObject, readArray, readObject } from './read-field.js';

/** What cutting a vocabulary asks of a model of pieces; ids are those before the cut. */
export interface CuttableModel {
  readonly ids: ReadonlyMap<string, number>;
  /** Kept whatever the texts say: characters and bytes of which any text can be made, the unknown piece, what scores depend on. */
  readonly base: readonly number[];
  /** Ids of the pieces on which the tokenization of a word rests. */
  visit(word: string): readonly number[];
  /** Adds the pieces from which kept ones are made. */
  close(kept: Set<number>): void;
  /** The `model` of a tokenizer.json with the kept pieces under new ids, in the order of the old ones. */
  cut(newIds: ReadonlyMap<number, number>): JsonObject;
}

const BYTE = /^<0x[0-9A-Fa-f]{2}>$/;

/**
 * The model of a tokenizer.json, seen as what can be taken out of it.
 * @throws TokenizerError on a malformed model or an unknown type
 */
export function cuttableModel(value: unknown): CuttableModel {
  const config = readObject(value, 'tokenizer.json model');
  const { ids, unkId, encode } = createPieceModel(config);
  const visit = (word: string) => {
    const found: number[] = [];
    encode([word], found);
    return found;
  };
  const alphabet = (isOne: (piece: string) => boolean) => [
    ...(unkId === undefined ? [] : [unkId]),
    ...[...ids].flatMap(([piece, id]) => (isOne(piece) || BYTE.test(piece) ? [id] : [])),
  ];
  const vocabulary = (newIds: ReadonlyMap<number, number>) =>
    Object.fromEntries(
      [...ids].flatMap(([piece, id]) => (newIds.has(id) ? [[piece, newIds.get(id)!] as const] : [])),
    );
  if (Array.isArray(config.vocab)) {
    const vocab = config.vocab as readonly (readonly [string, number])[];
    return {
      ids,
      // An unknown character costs as much as the rarest piece and a little more, so the rarest stays.
      base: [...alphabet(isCharacter), rarest(vocab)],
      visit,
      close: () => {},
      cut: (newIds) => ({
        ...config,
        vocab: vocab.filter((_, id) => newIds.has(id)),
        ...(unkId !== undefined && { unk_id: newIds.get(unkId) }),
      }),
    };
  }
  if (config.merges !== undefined) {
    const prefix =
      typeof config.continuing_subword_prefix === 'string' ? config.continuing_subword_prefix : '';
    const suffix = typeof config.end_of_word_suffix === 'string' ? config.end_of_word_suffix : '';
    const merges = readArray(config.merges, 'tokenizer.json model.merges', Number.POSITIVE_INFINITY).map(
      (merge) => ({ merge, ids: mergeIds(halvesOf(merge), prefix, ids) }),
    );
    const makers = new Map<number, (readonly number[])[]>();
    for (const { ids: all } of merges) {
      const same = makers.get(all[2]);
      if (same) same.push(all);
      else makers.set(all[2], [all]);
    }
    return {
      ids,
      base: alphabet((piece) => isCharacter(bare(piece, prefix, suffix))),
      visit,
      close: (kept) => {
        // A set grows while it is walked.
        for (const id of kept)
          for (const made of makers.get(id) ?? []) for (const from of made) kept.add(from);
      },
      cut: (newIds) => ({
        ...config,
        vocab: vocabulary(newIds),
        merges: merges.flatMap(({ merge, ids: all }) => (all.every((id) => newIds.has(id)) ? [merge] : [])),
      }),
    };
  }
  const prefix = String(config.continuing_subword_prefix ?? '##');
  const longest = Number(config.max_input_chars_per_word ?? 100);
  return {
    ids,
    base: alphabet((piece) => isCharacter(bare(piece, prefix, ''))),
    visit: config.type === 'WordLevel' ? visit : (word) => longestPieces(word, ids, prefix, longest),
    close: () => {},
    cut: (newIds) => ({ ...config, vocab: vocabulary(newIds) }),
  };
}

/** The two pieces that a merge joins. */
export function halvesOf(merge: unknown): readonly [string, string] {
  const halves = typeof merge === 'string' ? merge.split(' ') : merge;
  if (!Array.isArray(halves) || halves.length !== 2)
    throw new TokenizerError(
      'tokenizer.json model.merges',
      'two pieces',
      describe(merge),
      'the file is damaged',
    );
  return [String(halves[0]), String(halves[1])];
}

const isCharacter = (piece: string): boolean =>
  piece.length > 0 && piece.length === (piece.codePointAt(0)! > 0xffff ? 2 : 1);

const bare = (piece: string, prefix: string, suffix: string): string => {
  const start = prefix !== '' && piece.length > prefix.length && piece.startsWith(prefix) ? prefix.length : 0;
  const end = suffix !== '' && piece.length > suffix.length && piece.endsWith(suffix) ? suffix.length : 0;
  return piece.slice(start, piece.length - end);
};

function rarest(vocab: readonly (readonly [string, number])[]): number {
  let found = 0;
  for (const [id, [, score]] of vocab.entries()) if (score < vocab[found]![1]) found = id;
  return found;
}

/** Ids of both halves and of what they become. */
function mergeIds(
  [left, right]: readonly [string, string],
  prefix: string,
  ids: ReadonlyMap<string, number>,
): readonly [number, number, number] {
  const whole = left + (prefix !== '' && right.startsWith(prefix) ? right.slice(prefix.length) : right);
  const found = [left, right, whole].map((piece) => ids.get(piece));
  if (found.includes(undefined))
    throw new TokenizerError(
      'tokenizer.json model.merges',
      'merges of pieces of the vocabulary',
      `${left} and ${right}`,
      'the file is damaged',
    );
  return found as [number, number, number];
}

/**
 * The longest pieces from the left, also those before a place where none fits: with one of them gone, shorter pieces could lead past
 * that place and make a known word of an unknown one.
 */
function longestPieces(
  word: string,
  ids: ReadonlyMap<string, number>,
  prefix: string,
  longest: number,
): number[] {
  const characters = [...word];
  const found: number[] = [];
  if (characters.length > longest) return found;
  for (let start = 0; start < characters.length; ) {
    let end = characters.length;
    let id: number | undefined;
    for (; end > start; end -= 1) {
      const piece = characters.slice(start, end).join('');
      id = ids.get(start > 0 ? prefix + piece : piece);
      if (id !== undefined) break;
    }
    if (id === undefined) break;
    found.push(id);
    start = end;
  }
  return found;
}
