import type { Collective } from '@rag/runtime';

/** A signal that is the same on all ranks. */
export interface AgreedSignal {
  readonly signal: AbortSignal;
  /** By all ranks, between two updates: the signal is aborted on every rank if one of them was asked to stop. */
  agree(): Promise<void>;
}

/**
 * Ranks are told to stop at different moments, and would wait for each other if one of them did an update more.
 *
 * @param asked of this rank alone
 * @param reason of ranks that were not asked themselves
 */
export function agreedSignal(
  collective: Collective,
  asked: AbortSignal,
  reason: () => unknown,
): AgreedSignal {
  const control = new AbortController();
  return {
    signal: control.signal,
    async agree() {
      if (control.signal.aborted) return;
      const isAsked = Float32Array.of(asked.aborted ? 1 : 0);
      await collective.allReduce(isAsked, 'max');
      if (isAsked[0] !== 0) control.abort(asked.aborted ? asked.reason : reason());
    },
  };
}
