import { describeJson, isJsonObject } from '../file-source.js';

/**
 * Where two JSON values differ, as `path: first, not second`; nothing where they are equal.
 * @param inBoth compare only keys that both objects have
 */
export function* jsonDifferences(
  first: unknown,
  second: unknown,
  path: string,
  inBoth = false,
): Generator<string> {
  if (isJsonObject(first) && isJsonObject(second)) {
    for (const key of new Set([...Object.keys(first), ...Object.keys(second)])) {
      const [has, too] = [Object.hasOwn(first, key), Object.hasOwn(second, key)];
      if (has && too) yield* jsonDifferences(first[key], second[key], `${path}.${key}`, inBoth);
      else if (!inBoth) yield `${path}.${key}: ${has ? 'only in the first' : 'only in this'}`;
    }
    return;
  }
  if (Array.isArray(first) && Array.isArray(second)) {
    if (first.length !== second.length) {
      yield `${path}: ${second.length} items, not ${first.length}`;
      return;
    }
    for (const [i, item] of first.entries()) yield* jsonDifferences(item, second[i], `${path}[${i}]`, inBoth);
    return;
  }
  if (!Object.is(first, second)) yield `${path}: ${describeJson(second)}, not ${describeJson(first)}`;
}
