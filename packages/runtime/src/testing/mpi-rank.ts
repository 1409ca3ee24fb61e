import { existsSync, writeFileSync } from 'node:fs';
import { initialize } from '../collectives/mpi/calls.js';
import { joinMpi } from '../collectives/mpi/join.js';
import { launchOf } from '../collectives/mpi/launch.js';
import { openLibrary } from '../collectives/mpi/library.js';
import { mpiCollective } from '../collectives/mpi/mpi-collective.js';
import { COLLECTIVE_CASES } from './collective-cases.js';

/**
 * What one process of a test's MPI job does. Arguments: `exam <file>` runs the exam, then a call that one rank makes only once the
 * other's event loop turned, told by the file, and the exam once more in parts of 50,000 elements; `stop <how>` lets the last rank end badly
 * while the others wait for it.
 */
const [what, argument = ''] = process.argv.slice(2);

if (what === 'exam') {
  const launch = launchOf(process.env);
  if (launch === null) throw new Error('expected an MPI launcher');
  const calls = initialize(openLibrary(launch, undefined), launch.rank);
  const collective = mpiCollective(calls);
  const { name, rank, size } = collective;
  const say = (line: string) => rank === 0 && console.log(line);
  for (const { name: title, run } of COLLECTIVE_CASES) {
    await run(collective).catch((cause: unknown) => collective.abort(`rank ${rank}: ${title}: ${cause}`));
    say(`passed: ${title}`);
  }
  if (rank === 0) setTimeout(() => writeFileSync(argument, 'the loop turns'), 10);
  else while (!existsSync(argument)) await new Promise((resolve) => setTimeout(resolve, 5));
  await collective.barrier();
  const inParts = mpiCollective(calls, 50_000);
  for (const { name: title, run } of COLLECTIVE_CASES)
    await run(inParts).catch((cause: unknown) =>
      collective.abort(`rank ${rank}, in parts: ${title}: ${cause}`),
    );
  say('passed in parts');
  await collective.close();
  say(`${name} of ${size}`);
} else {
  const collective = await joinMpi();
  await collective.barrier();
  if (collective.rank < collective.size - 1) {
    await collective.allReduce(new Float32Array(100_000));
  } else if (argument === 'abort') {
    collective.abort(`rank ${collective.rank}: the disk is full`);
  } else {
    process.kill(process.pid, 'SIGKILL');
  }
}
