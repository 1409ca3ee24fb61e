import type { Requests } from './calls.js';

/** Milliseconds in which a call is asked after at every turn of the event loop; then it is asked once a millisecond. */
const EAGER = 2;

/**
 * Moves calls on until they have completed. The event loop turns in between.
 *
 * @param patient whether they may have to wait for other processes for long: then this one sleeps
 */
export async function settle(requests: Pick<Requests, 'test'>, patient: boolean): Promise<void> {
  const start = performance.now();
  while (!requests.test())
    await (patient && performance.now() - start > EAGER
      ? new Promise((resolve) => setTimeout(resolve, 1))
      : new Promise((resolve) => setImmediate(resolve)));
}
