import { at } from '@rag/data';

/** A row of `{query, pos, neg}`, as example_data/reranker.train.jsonl holds them. */
export interface Row {
  readonly query: string;
  readonly pos: readonly string[];
  readonly neg: readonly string[];
}

export interface ClozeOptions {
  readonly count: number;
  /** Per row. */
  readonly negatives: number;
  /** Tokens of a stretch of text. */
  readonly shortest: number;
  readonly longest: number;
  readonly seed: number;
}

const chinese = /\p{Script=Han}/u;

/**
 * Rows for a model that has not learned to read yet: the query is a few scraps of a passage, the positive the stretch of
 * text they were taken from, the negatives stretches of other passages on the same topic, so that who wants to tell them
 * apart must compare words; after the inverse cloze task (https://arxiv.org/abs/1906.00300).
 *
 * Each row is a pure function of (seed, its number). Tokens are characters of Chinese, about so many pieces of English.
 */
export function* inverseCloze(
  rows: readonly Row[],
  { count, negatives, shortest, longest, seed }: ClozeOptions,
): Generator<Row> {
  for (let i = 0; i < count; i++) {
    const random = at(seed, 'inverse-cloze', i);
    const row = rows[random.below(rows.length)]!;
    const length = shortest + random.below(longest - shortest + 1);
    const stretch = (text: string) => cut(text, length, random);
    const positive = stretch(row.pos[random.below(row.pos.length)]!);
    const others = random.sample(row.neg.length, Math.min(negatives, row.neg.length));
    yield { query: scraps(positive, random), pos: [positive], neg: others.map((n) => stretch(row.neg[n]!)) };
  }
}

type Random = ReturnType<typeof at>;

/** A stretch of about `length` tokens. */
function cut(text: string, length: number, random: Random): string {
  const isChinese = chinese.test(text);
  const units = isChinese ? [...text] : text.split(' ');
  const size = Math.min(units.length, isChinese ? length : Math.ceil(length * 0.7));
  const start = random.below(units.length - size + 1);
  return units.slice(start, start + size).join(isChinese ? '' : ' ');
}

/** Two to four scraps of a text: two to four characters of Chinese, or one to two words of English, each. */
function scraps(text: string, random: Random): string {
  const isChinese = chinese.test(text);
  const units = isChinese
    ? [...text].filter((unit) => /[\p{Script=Han}\p{L}\p{N}]/u.test(unit))
    : text.split(/[^\p{L}\p{N}'-]+/u).filter((word) => word.length > 2);
  const pieces = Array.from({ length: 2 + random.below(3) }, () => {
    const size = Math.min(units.length, isChinese ? 2 + random.below(3) : 1 + random.below(2));
    const start = random.below(units.length - size + 1);
    return units.slice(start, start + size).join(isChinese ? '' : ' ');
  });
  return pieces.join(isChinese ? '' : ' ');
}
