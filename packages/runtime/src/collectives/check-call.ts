import { CollectiveError } from './collective.js';

interface Place {
  readonly name: string;
  readonly rank: number;
  readonly size: number;
}

/** @throws CollectiveError unless the bounds are size + 1 offsets into the data that never fall */
export function checkBounds(at: Place, method: string, length: number, bounds: readonly number[]): void {
  const where = `${at.name}, rank ${at.rank}, ${method}`;
  if (bounds.length !== at.size + 1)
    throw new CollectiveError(
      at.rank,
      `${where}: expected ${at.size + 1} bounds (one more than ranks), got ${bounds.length} — give where each rank's range starts, and the end of the last`,
    );
  let last = 0;
  for (const bound of bounds) {
    if (!Number.isSafeInteger(bound) || bound < last || bound > length)
      throw new CollectiveError(
        at.rank,
        `${where}: expected bounds that rise from 0 to at most ${length} (the elements given), got ${bounds.join(', ')} — correct them`,
      );
    last = bound;
  }
}

/** @throws CollectiveError unless root is a rank */
export function checkRoot(at: Place, root: number): void {
  if (!Number.isInteger(root) || root < 0 || root >= at.size)
    throw new CollectiveError(
      at.rank,
      `${at.name}, rank ${at.rank}, broadcast: expected the root to be a rank from 0 to ${at.size - 1}, got ${root} — name the rank that has the data`,
    );
}

/** @throws CollectiveError after close() */
export function checkOpen(at: Place, method: string, closed: boolean): void {
  if (closed)
    throw new CollectiveError(
      at.rank,
      `${at.name}, rank ${at.rank}, ${method}: expected no call after close(), got one — close the collective last`,
    );
}
