import { expect, test } from 'vitest';
import type { MpiCalls } from './calls.js';
import { mpiCollective } from './mpi-collective.js';

/** MPI of rank 0 of 2 that writes down what is started; calls complete when asked for the second time. */
function written() {
  const log: string[] = [];
  const calls: MpiCalls = {
    ...{ version: 'Open MPI 4.1.4', rank: 0, size: 2 },
    requests() {
      let asked = 0;
      return {
        reduce: (part, operation, root) => void log.push(`${operation} of ${part.length} to ${root}`),
        broadcast: (part, root) => void log.push(`${part.length} from ${root}`),
        barrier: () => void log.push('barrier'),
        test: () => asked++ > 0,
      };
    },
    abort(reason) {
      throw new Error(reason);
    },
    finalize: () => void log.push('finalize'),
  };
  return { log, calls };
}

test('few elements are summed by one rank, without waiting for the others first', async () => {
  const { log, calls } = written();
  await mpiCollective(calls).allReduce(new Float64Array(3), 'max');
  expect(log).toEqual(['max of 3 to 0', '3 from 0']);
});

test('many are summed by all ranks once all are there', async () => {
  const { log, calls } = written();
  await mpiCollective(calls).allReduce(new Float32Array(5001));
  expect(log).toEqual(['barrier', 'sum of 2500 to 0', 'sum of 2501 to 1', '2500 from 0', '2501 from 1']);
});

test('no part is longer than MPI may count, and ranges that are empty are left out', async () => {
  const { log, calls } = written();
  await mpiCollective(calls, 8).reduceScatter(new Float32Array(9), [0, 0, 9]);
  expect(log).toEqual(['sum of 4 to 1', 'sum of 4 to 1', 'sum of 1 to 1']);
  log.length = 0;
  await mpiCollective(calls, 8).broadcast(new Uint8Array(6), 0);
  expect(log).toEqual(['4 from 0', '2 from 0']);
});

test('a call starts when the one before has completed, in the order they were made', async () => {
  const { log, calls } = written();
  const collective = mpiCollective(calls);
  const both = [
    collective.allReduce(new Float32Array(1)),
    collective.allGather(new Uint8Array(4), [0, 3, 4]),
  ];
  await Promise.all(both.reverse());
  await collective.close();
  expect(log).toEqual(['sum of 1 to 0', '1 from 0', '3 from 0', '1 from 1', 'barrier', 'finalize']);
});

test('after a call that failed the next ones fail as well', async () => {
  const { log, calls } = written();
  const failing: MpiCalls = {
    ...calls,
    requests: () => ({
      ...calls.requests(1),
      test: () => {
        throw new Error('MPI_Testall: no answer');
      },
    }),
  };
  const collective = mpiCollective(failing);
  const outcomes = await Promise.allSettled([
    collective.barrier(),
    collective.allReduce(new Float32Array(1)),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(log).toEqual(['barrier']);
});
