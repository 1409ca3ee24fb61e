import type { Collective } from '../collectives/collective.js';

/**
 * The items of a list until every rank is through with its own: undefined where this rank has none left and another has. By all ranks;
 * without a collective, just the items.
 */
export async function* inStep<T>(
  items: Iterable<T>,
  collective: Collective | undefined,
): AsyncGenerator<T | undefined> {
  if (!collective) {
    yield* items;
    return;
  }
  const iterator = items[Symbol.iterator]();
  for (let item = iterator.next(); ; item = item.done ? item : iterator.next()) {
    const goesOn = Float64Array.of(item.done ? 0 : 1);
    await collective.allReduce(goesOn, 'max');
    if (goesOn[0] === 0) return;
    yield item.done ? undefined : item.value;
  }
}
