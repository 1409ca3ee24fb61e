import { constants } from 'node:os';

/** Signals that end a run in order. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Ctrl-C or a request to end, as `kill` and schedulers send it, ended it. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
  constructor(
    message: string,
    readonly signal: (typeof SIGNALS)[number] = 'SIGINT',
  ) {
    super(message);
  }
}

/** The signal that an error comes from. */
export function interruptionOf(error: unknown): InterruptedError | undefined {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof InterruptedError) return at;
  return undefined;
}

/** What a shell calls a program that a signal ended: 130 for SIGINT, 143 for SIGTERM. */
export const interruptedCode = ({ signal }: InterruptedError): number => 128 + constants.signals[signal];

/**
 * Runs what the first SIGINT or SIGTERM shall end in order, by a signal; a second one, whichever, ends the program at once.
 * @param message of the InterruptedError that the signal's reason is
 */
export async function interruptible<T>(
  message: string,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const control = new AbortController();
  const forget = () => {
    for (const [signal, listener] of listeners) process.off(signal, listener);
  };
  const listeners = SIGNALS.map((signal) => {
    const interrupt = () => {
      forget();
      control.abort(new InterruptedError(message, signal));
    };
    return [signal, interrupt] as const;
  });
  for (const [signal, listener] of listeners) process.on(signal, listener);
  try {
    return await run(control.signal);
  } finally {
    forget();
  }
}
