import { expect, test } from 'vitest';
import { launchOf } from './launch.js';

test('recognises mpirun of Open MPI, which sets variables of PMIx too', () => {
  expect(launchOf({ OMPI_COMM_WORLD_RANK: '1', OMPI_COMM_WORLD_SIZE: '3', PMIX_RANK: '1' })).toEqual({
    implementation: 'Open MPI',
    variable: 'OMPI_COMM_WORLD_SIZE',
    rank: 1,
    size: 3,
  });
});

test('recognises Hydra, and leaves open whose PMI another launcher speaks', () => {
  const pmi = { PMI_RANK: '0', PMI_SIZE: '2' };
  expect(launchOf({ ...pmi, MPI_LOCALNRANKS: '2' })).toMatchObject({ implementation: 'MPICH', size: 2 });
  expect(launchOf({ ...pmi, SLURM_PROCID: '0' })).toMatchObject({ implementation: null, rank: 0, size: 2 });
});

test('recognises PMIx, which does not tell the size', () => {
  expect(launchOf({ PMIX_RANK: '5', SLURM_NTASKS: '8' })).toEqual({
    ...{ implementation: null, variable: 'PMIX_RANK', rank: 5, size: null },
  });
});

test('a batch script of Slurm is no process of a job', () => {
  expect(launchOf({ SLURM_PROCID: '0', SLURM_NTASKS: '8', SLURM_JOB_ID: '17' })).toBeNull();
  expect(launchOf({})).toBeNull();
});

test.each([
  [
    { OMPI_COMM_WORLD_RANK: '2', OMPI_COMM_WORLD_SIZE: '2' },
    /expected a rank below OMPI_COMM_WORLD_SIZE \(2\), got 2/,
  ],
  [{ OMPI_COMM_WORLD_SIZE: '2' }, /OMPI_COMM_WORLD_RANK: expected a whole number from 0, got undefined/],
  [{ PMI_RANK: '0', PMI_SIZE: '0' }, /PMI_SIZE: expected a whole number from 1, got "0"/],
  [{ PMIX_RANK: '-1' }, /PMIX_RANK: .* got "-1"/],
])('%j is refused', (environment, message) => {
  expect(() => launchOf(environment)).toThrow(message);
});
