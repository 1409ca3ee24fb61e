import { expect, test } from 'vitest';
import { checkMemory, describeMemory, plannedMemory } from './planned-memory.js';

const MIB = 2 ** 20;
const memory = {
  parameters: 4 * MIB,
  gradients: 4 * MIB,
  moments: 8 * MIB,
  frozen: 0,
  resident: 100 * MIB,
  boundaries: 0,
  activations: 20 * MIB,
  arenas: 4 * MIB,
  total: 140 * MIB,
};

test('is told by kind', () => {
  const lines = describeMemory(memory).split('\n');
  expect(lines[0]).toBe('memory of training, planned:');
  expect(lines.at(-1)).toMatch(/^ {2}total +140 MiB$/);
  expect(lines.join()).not.toContain('boundaries');
});

test('a run that does not fit is refused, with what takes the memory', () => {
  expect(() => checkMemory(memory, 140 * MIB)).not.toThrow();
  expect(() => checkMemory(memory, 139 * MIB)).toThrow(
    'memory: expected a run within the 139 MiB of this machine, got a plan of 140 MiB — compute one layer at a time (layer_split), lower batch_size or max_len; store what is not trained narrow (frozen_dtype)',
  );
  expect(() => checkMemory({ ...memory, parameters: 40 * MIB }, MIB)).toThrow(
    '— train fewer weights (use_lora, freeze)',
  );
});

test('is planned by a batch', async () => {
  const none = (async function* () {})();
  await expect(
    plannedMemory({} as never, none, { provider: 'cpu' }, { gradientAccumulationSteps: 1 }),
  ).rejects.toThrow('memory: expected a batch to plan by, got none');
});
