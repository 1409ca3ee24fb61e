import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import projects from './vitest.workspace.js';

export default defineConfig({
  // By default one core is left to vitest itself: of two, half.
  test: { projects, maxWorkers: Math.max(2, availableParallelism() - 1) },
});
