/**
 * One source read by several consumers at the same pace: the next item is fetched when all have asked for it, so that one
 * item is in memory. A consumer that stops early stops the others at the item after.
 */
export function broadcast<T>(source: AsyncIterable<T>, consumers: number): AsyncIterable<T>[] {
  const iterator = source[Symbol.asyncIterator]();
  let round: { readonly item: Promise<IteratorResult<T>>; readonly start: () => void } = nextRound();
  let waiting = 0;
  function nextRound() {
    let start = (): void => {};
    const item = new Promise<void>((resolve) => {
      start = resolve;
    }).then(() => iterator.next());
    return { item, start };
  }
  const ask = (): Promise<IteratorResult<T>> => {
    const { item, start } = round;
    if (++waiting === consumers) {
      waiting = 0;
      round = nextRound();
      start();
    }
    return item;
  };
  return Array.from({ length: consumers }, () => ({
    [Symbol.asyncIterator]: () => ({ next: ask }),
  }));
}
