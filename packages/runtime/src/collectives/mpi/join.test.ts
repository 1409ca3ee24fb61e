import { expect, test } from 'vitest';
import { joinMpi } from './join.js';

const openMpi = { OMPI_COMM_WORLD_RANK: '0', OMPI_COMM_WORLD_SIZE: '2' };

test('a process that no launcher started is told how to start', async () => {
  await expect(joinMpi({ environment: {} })).rejects.toThrow(
    /expected a process that an MPI launcher started, got none of its variables .* start it with mpirun -np 2/,
  );
});

test.runIf(process.platform === 'linux')(
  'a library that is missing is an error that says what to install',
  async () => {
    await expect(joinMpi({ environment: openMpi, library: '/nowhere/libmpi.so.40' })).rejects.toThrow(
      /expected \/nowhere\/libmpi.so.40, as this process was started with OMPI_COMM_WORLD_SIZE, got no such library .* apt-get install openmpi-bin .* RAG_MPI_LIBRARY/,
    );
  },
);

test.runIf(process.platform === 'linux')('a library that is no MPI is refused', async () => {
  await expect(joinMpi({ environment: { ...openMpi, RAG_MPI_LIBRARY: 'libc.so.6' } })).rejects.toThrow(
    /libc.so.6.*MPI_Get_library_version/,
  );
});
