import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { COLLECTIVE_CASES } from '../../testing/collective-cases.js';
import { mpiLaunchers, runMpiJob } from '../../testing/mpi-job.js';
import type { MpiImplementation } from './launch.js';

const program = fileURLToPath(new URL('../../testing/mpi-rank.ts', import.meta.url));
const rank = (...parameters: string[]) => [
  '--conditions=@rag/source',
  '--import',
  'tsx',
  program,
  ...parameters,
];
const { here, missing } = mpiLaunchers();

if (missing !== '') test.skip(`the exam under every MPI (${missing})`);

describe.each(here)('%s', (implementation: MpiImplementation) => {
  test.each([2, 3])('the exam in %i processes, whose event loops turn while they wait', async (processes) => {
    const folder = await mkdtemp(join(tmpdir(), 'rag-mpi-'));
    try {
      const job = await runMpiJob(implementation, processes, rank('exam', join(folder, 'turned')));
      const passed = COLLECTIVE_CASES.map(({ name }) => `passed: ${name}`);
      expect(job.stdout.trim().split('\n')).toEqual([
        ...passed,
        'passed in parts',
        expect.stringMatching(new RegExp(`^mpi \\(${implementation} \\d+\\.\\d+\\S*\\) of ${processes}$`)),
      ]);
      expect(job.code, job.stderr).toBe(0);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test.each([
    ['abort', /rank 1: the disk is full/],
    ['kill', /signal 9|SIGNAL 9|Killed/],
  ])('a rank that ends by %s ends the job with a message', async (how, message) => {
    const job = await runMpiJob(implementation, 2, rank('stop', how));
    expect(job.stdout + job.stderr).toMatch(message);
    expect(job.code).not.toBe(0);
  });
});
