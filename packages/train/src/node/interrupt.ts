/** Ctrl-C ended it. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}

/** Whether Ctrl-C is what an error comes from. */
export function isInterruption(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof InterruptedError) return true;
  return false;
}

/**
 * Runs what the first SIGINT shall end in order, by a signal; a second one ends the program at once.
 * @param message of the InterruptedError that the signal's reason is
 */
export async function interruptible<T>(
  message: string,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const control = new AbortController();
  const interrupt = () => control.abort(new InterruptedError(message));
  process.once('SIGINT', interrupt);
  try {
    return await run(control.signal);
  } finally {
    process.off('SIGINT', interrupt);
  }
}
