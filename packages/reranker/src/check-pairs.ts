import type { Pair } from './pair-encoder.js';

/** @throws TypeError for what is no pair of strings */
export function checkPair(pair: unknown, where: string): Pair {
  if (!Array.isArray(pair) || pair.length !== 2 || pair.some((text) => typeof text !== 'string'))
    throw new TypeError(
      `${where}: expected [query, passage], got ${JSON.stringify(pair)?.slice(0, 60)} — give two strings`,
    );
  return pair as unknown as Pair;
}

/** @throws TypeError naming the one that is no pair of strings */
export function checkPairs(pairs: unknown): Pair[] {
  if (!Array.isArray(pairs))
    throw new TypeError(`pairs: expected an array of [query, passage], got ${typeof pairs} — give pairs`);
  return pairs.map((pair, i) => checkPair(pair, `pairs[${i}]`));
}

/** @throws TypeError for a query or passages that are no strings */
export function checkTexts(query: unknown, passages: unknown): void {
  if (typeof query !== 'string')
    throw new TypeError(`query: expected a string, got ${typeof query} — give its text`);
  if (!Array.isArray(passages))
    throw new TypeError(`passages: expected an array of strings, got ${typeof passages} — give their texts`);
  const wrong = passages.findIndex((passage) => typeof passage !== 'string');
  if (wrong >= 0)
    throw new TypeError(
      `passages[${wrong}]: expected a string, got ${typeof passages[wrong]} — give its text`,
    );
}
