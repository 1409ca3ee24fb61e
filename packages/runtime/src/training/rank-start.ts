import type { Collective } from '../collectives/collective.js';
import { SessionError } from '../error.js';
import type { InitialState } from './initial-state.js';

/** An initial state, and what its values were when they were read: a number for each, which differs where they do. */
export interface WatchedStart {
  readonly initial: InitialState;
  readonly digests: ReadonlyMap<string, number>;
}

/** Takes the digest of every value that is read. */
export function watchedStart(initial: InitialState): WatchedStart {
  const digests = new Map<string, number>();
  return {
    initial: {
      ...initial,
      async value(parameter) {
        const data = await initial.value(parameter);
        if (data instanceof Float32Array) digests.set(parameter.name, digestOf(data));
        return data;
      },
    },
    digests,
  };
}

/** FNV-1a over 32-bit words (https://www.rfc-editor.org/rfc/rfc9923), in four lanes. */
export function digestOf(data: Float32Array): number {
  const words = new Uint32Array(data.buffer, data.byteOffset, data.length);
  const lanes = Uint32Array.of(0x811c9dc5, 0x811c9dc6, 0x811c9dc7, 0x811c9dc8);
  for (let i = 0; i < words.length; i++) lanes[i & 3] = Math.imul(lanes[i & 3]! ^ words[i]!, 0x01000193);
  return lanes.reduce((digest, lane) => Math.imul(digest ^ lane, 0x01000193) >>> 0, 0x811c9dc5);
}

/**
 * Checks that all ranks start with the same parameters and after the same number of updates; by all ranks.
 * @throws SessionError that names the first parameter that differs, on every rank
 */
export async function checkEqualStart(
  digests: ReadonlyMap<string, number>,
  step: number,
  collective: Collective,
): Promise<void> {
  const names = [...digests.keys()];
  const most = Float64Array.of(step, ...digests.values());
  const least = most.slice();
  await collective.allReduce(most, 'max');
  await collective.allReduce(least, 'min');
  const i = most.findIndex((value, place) => value !== least[place]);
  if (i < 0) return;
  throw new SessionError(
    i === 0 ? 'step' : `parameter "${names[i - 1]}"`,
    `expected the same on all ${collective.size} ranks at the start, got others on some — start every process with the same checkpoint and the same seed`,
  );
}
