/**
 * Keeps the results of `load` that were used last, `limit` of them but at least one. Callers that ask for a number
 * while it is being loaded share that load; a failed load is not kept.
 */
export function windowCache<T>(
  limit: number,
  load: (number: number) => Promise<T>,
): (number: number) => Promise<T> {
  const kept = new Map<number, Promise<T>>();
  return (number) => {
    let value = kept.get(number);
    if (value === undefined) {
      value = load(number);
      value.catch(() => kept.delete(number));
    }
    kept.delete(number);
    kept.set(number, value);
    if (kept.size > Math.max(1, limit)) kept.delete(kept.keys().next().value!);
    return value;
  };
}
