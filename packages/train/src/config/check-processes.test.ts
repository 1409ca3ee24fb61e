import { expect, test } from 'vitest';
import { checkProcesses } from './check-processes.js';

const settings = {
  ...{ numProcesses: undefined, zeroStage: 0, configFile: undefined, batchSize: 8 },
  onCollapse: 'tell' as const,
};
const check = (given: object, launched: number, where = '--num_processes') =>
  checkProcesses({ ...settings, ...given }, new Map([['num_processes', where]]), launched);

test('the number that was asked for is the number that was launched', () => {
  expect(check({}, 3)).toEqual([]);
  expect(check({ numProcesses: 2, zeroStage: 2 }, 2)).toEqual([]);
  expect(() => check({ numProcesses: 2 }, 1)).toThrow(
    '--num_processes: expected 1 process, as launched, got 2 — launch so many: mpirun -n 2 rag train …',
  );
});

test('a launcher’s file is told what runs in its stead', () => {
  expect(check({ numProcesses: 2, zeroStage: 1, configFile: 'a.yaml' }, 1, 'a.yaml:9')).toEqual([
    'num_processes 2 (a.yaml:9): running 1 process, as launched, with 8 rows per batch in place of 16 — mpirun -n 2 rag train … runs 2',
    'zero_stage 1: one process holds the whole state',
  ]);
  // Printed settings, read again, are the same run.
  expect(check({ numProcesses: 2, configFile: 'a.yaml' }, 1, 'printed.yaml:9')).toHaveLength(1);
  expect(() => check({ numProcesses: 2, configFile: 'a.yaml' }, 1)).toThrow('expected 1 process');
});

test('several processes do not go back', () => {
  expect(check({ onCollapse: 'rollback' }, 1)).toEqual([]);
  expect(() => check({ onCollapse: 'rollback' }, 2)).toThrow(
    'on_collapse: expected tell, stop or off in 2 processes, got rollback, which one process alone can do — choose one',
  );
});
