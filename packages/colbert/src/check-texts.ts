/** A query and a passage. */
export type Pair = readonly [query: string, passage: string];

/** @throws TypeError for what is no pair of strings */
export function checkPair(pair: unknown, where: string): Pair {
  if (!Array.isArray(pair) || pair.length !== 2 || pair.some((text) => typeof text !== 'string'))
    throw new TypeError(
      `${where}: expected [query, passage], got ${JSON.stringify(pair)?.slice(0, 60)} — give two strings`,
    );
  return pair as unknown as Pair;
}

/** @throws TypeError naming the first that is no pair of strings */
export function checkPairs(pairs: unknown): Pair[] {
  if (!Array.isArray(pairs))
    throw new TypeError(`pairs: expected an array of [query, passage], got ${typeof pairs} — give pairs`);
  return pairs.map((pair, i) => checkPair(pair, `pairs[${i}]`));
}

/** @throws TypeError naming the first that is no string */
export function checkTexts(where: string, texts: unknown): readonly string[] {
  if (!Array.isArray(texts))
    throw new TypeError(`${where}: expected an array of strings, got ${typeof texts} — give their texts`);
  const wrong = texts.findIndex((text) => typeof text !== 'string');
  if (wrong >= 0)
    throw new TypeError(`${where}[${wrong}]: expected a string, got ${typeof texts[wrong]} — give its text`);
  return texts;
}
