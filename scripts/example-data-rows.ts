/**
 * The rows of `example_data/`: queries and their positives as `example_data/source` gives them, with drawn negatives.
 *
 * Negatives are positives of other queries of the same language and split, and within a language and split every
 * passage is drawn as a negative equally often (± 1): what a passage looks like says nothing about its label.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const exampleDirectory = fileURLToPath(new URL('../example_data', import.meta.url));

export type Split = 'train' | 'dev';

/** A query with the passages that answer it and its drawn negatives. */
export interface ExampleRow {
  readonly language: string;
  readonly topic: string;
  readonly query: string;
  readonly pos: readonly string[];
  /** 5 to 15 passages. */
  readonly neg: readonly string[];
}

interface SourceRow {
  readonly language: string;
  readonly topic: string;
  readonly query: string;
  readonly pos: readonly string[];
}

/** Topics held out, in both languages; all others are for training. */
export const devTopics: readonly string[] = ['human-body', 'weather'];

/** Smallest and largest number of negatives drawn for a row, and the share of them from the row's own topic. */
const negatives = { least: 9, most: 15, hardShare: 0.7 };

/** FNV-1a over UTF-16 code units, then murmur3's finalizer: a number in [0, 1) that depends on the words alone. */
export function chance(...words: readonly (string | number)[]): number {
  let hash = 0x811c9dc5;
  for (const character of words.join('\u0000')) {
    hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** The items in an order drawn by `seed` and each item's key. */
export function shuffled<T>(items: readonly T[], seed: string, key: (item: T) => string): T[] {
  return items
    .map((item) => ({ item, rank: chance(seed, key(item)) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}

/** Overlapping pairs of Han characters, or lower-case words elsewhere. */
export function terms(text: string): Set<string> {
  const found = new Set<string>();
  for (const [word] of text.toLowerCase().matchAll(/\p{Script=Han}+|[\p{L}\p{N}]+/gu)) {
    if (!/\p{Script=Han}/u.test(word)) found.add(word);
    for (let i = 0; i + 1 < word.length && /\p{Script=Han}/u.test(word); i++) found.add(word.slice(i, i + 2));
  }
  return found;
}

/** Share of the query's terms that the passage holds, in [0, 1]. */
export function overlap(query: string, passage: string): number {
  const asked = terms(query);
  const held = terms(passage);
  return [...asked].filter((term) => held.has(term)).length / Math.max(1, asked.size);
}

function readSource(directory: string): SourceRow[] {
  const files = readdirSync(directory).filter((name) => name.endsWith('.json'));
  return files.sort().flatMap((name) => {
    const [language, topic] = name.split('.') as [string, string];
    const rows = JSON.parse(readFileSync(join(directory, name), 'utf8')) as {
      query: string;
      pos: string[];
    }[];
    return rows.map(({ query, pos }) => ({ language, topic, query, pos }));
  });
}

/** Draws the negatives of all rows of one language and split. */
function drawNegatives(rows: readonly SourceRow[]): ExampleRow[] {
  const { least, most, hardShare } = negatives;
  const wanted = rows.map((row) => least + Math.floor(chance('count', row.query) * (most - least + 1)));
  const drawn = rows.map(() => new Set<string>());
  const pool = rows.flatMap((row) => row.pos.map((text) => ({ text, owner: row })));
  const uses = new Map(pool.map(({ text }) => [text, 0]));
  const share = Math.floor(wanted.reduce((sum, n) => sum + n, 0) / pool.length);
  const take = (i: number, text: string) => {
    drawn[i]!.add(text);
    uses.set(text, uses.get(text)! + 1);
  };

  // Hard ones first: the pairs of one topic with the most shared terms, no passage above its fair share.
  const hard = rows.flatMap((row, i) =>
    pool
      .filter(({ owner }) => owner.topic === row.topic && owner !== row)
      .map(({ text }) => ({ i, text, near: overlap(row.query, text), tie: chance('hard', row.query, text) })),
  );
  hard.sort((a, b) => b.near - a.near || a.tie - b.tie);
  for (const { i, text } of hard) {
    if (drawn[i]!.size < Math.round(wanted[i]! * hardShare) && uses.get(text)! < share) take(i, text);
  }

  // Then one at a time for each row in turn, the least used passage of whatever topic; ties by seed.
  for (let round = 0; round < most; round++) {
    for (const [i, row] of rows.entries()) {
      if (drawn[i]!.size >= wanted[i]!) continue;
      const open = pool.filter(({ text, owner }) => owner !== row && !drawn[i]!.has(text));
      const cost = ({ text }: { text: string }) => uses.get(text)! + chance('rest', row.query, text);
      take(i, open.reduce((best, next) => (cost(next) < cost(best) ? next : best)).text);
    }
  }
  return rows.map((row, i) => ({ ...row, neg: shuffled([...drawn[i]!], row.query, (text) => text) }));
}

/** The rows of one split, languages and topics mixed in a seeded order. */
export function exampleRows(directory: string, split: Split): ExampleRow[] {
  const source = readSource(directory).filter((row) => devTopics.includes(row.topic) === (split === 'dev'));
  const languages = [...new Set(source.map((row) => row.language))];
  const rows = languages.flatMap((language) =>
    drawNegatives(source.filter((row) => row.language === language)),
  );
  return shuffled(rows, split, (row) => row.query);
}
