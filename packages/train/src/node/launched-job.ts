import type { Collective } from '@rag/runtime';
import { joinMpi, launchOf } from '@rag/runtime/mpi';
import { describeError } from './describe-error.js';
import { interruptionOf } from './interrupt.js';

/**
 * Runs what all processes of an MPI job run, where a launcher started this one (`mpirun`, `srun --mpi=pmix`); elsewhere in this process alone.
 * Whatever ends one process badly ends the whole job with a message: the others would wait for it. An interruption is one of all processes.
 *
 * @throws CollectiveError where the job cannot be joined; the errors of `run` in one process, and interruptions
 */
export async function inLaunchedJob<T>(
  run: (collective: Collective | undefined) => Promise<T>,
  {
    environment = process.env,
    join = joinMpi,
  }: { environment?: NodeJS.ProcessEnv; join?: typeof joinMpi } = {},
): Promise<T> {
  if (launchOf(environment) === null) return run(undefined);
  const collective = await join({ environment });
  const { rank, size } = collective;
  const end = (error: unknown): never =>
    collective.abort(`rag: process ${rank} of ${size}: ${describeError(error)}`);
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
  try {
    const done = await run(collective);
    await collective.close();
    return done;
  } catch (error) {
    if (!interruptionOf(error)) return end(error);
    await collective.close();
    throw error;
  } finally {
    process.off('uncaughtException', end);
    process.off('unhandledRejection', end);
  }
}
