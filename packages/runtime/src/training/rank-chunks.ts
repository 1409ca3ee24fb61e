import type { Collective } from '../collectives/collective.js';
import { SessionError } from '../error.js';
import { isChunked, type TrainingBatch } from './batch.js';

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

/**
 * A rank's part of a batch where ranks go in step: one that has none has no chunks where the others have some. By all ranks; without a
 * collective, just the part.
 * @throws SessionError on every rank where some have chunks and others do not, and where one has none of a head that all compute alike
 */
export async function agreedPart(
  part: TrainingBatch | undefined,
  collective: Collective | undefined,
): Promise<TrainingBatch | undefined> {
  if (!collective) return part;
  const gathered = part && isChunked(part) ? part.gathered : undefined;
  const kinds = Float64Array.of(
    part && !isChunked(part) ? 1 : 0,
    part && isChunked(part) ? 1 : 0,
    gathered === 'own head' ? 1 : 0,
    gathered === 'same head' ? 1 : 0,
    part ? 0 : 1,
  );
  await collective.allReduce(kinds, 'max');
  const [whole, chunked, ownHead, sameHead, none] = kinds;
  if ((whole && chunked) || (sameHead && none))
    throw new SessionError(
      'batch',
      whole
        ? 'expected chunks on all ranks or on none, got both — collate all parts of a batch alike'
        : 'expected the head that all ranks compute alike, got a rank without — give it no chunks and that head',
    );
  if (part || !chunked) return part;
  return { chunks: [], head: {}, ...(ownHead && { gathered: 'own head' }) };
}
