import { expect, test } from 'vitest';
import { cellsPerRun } from './cells-per-run.js';

test('a processor computes small batches, a GPU large ones', () => {
  expect(cellsPerRun('cpu')).toBe(cellsPerRun('wasm'));
  expect(cellsPerRun('cuda')).toBe(cellsPerRun('webgpu'));
  // A sequence of 512 tokens still shares its run with another.
  expect(cellsPerRun('cpu')).toBeGreaterThanOrEqual(2 * 512);
  expect(cellsPerRun('cuda')).toBeGreaterThan(cellsPerRun('cpu'));
});
