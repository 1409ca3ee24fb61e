import { expect, test } from 'vitest';
import { initializeLora } from './initialize-lora.js';

const a = { name: 'layer.0.query.lora_A.weight', shape: [16, 256] };

test('B is zero, A is uniform within 1/√in', () => {
  expect(initializeLora({ name: 'layer.0.query.lora_B.weight', shape: [3, 2] }, 7)).toEqual(
    new Float32Array(6),
  );
  const values = initializeLora(a, 7);
  const bound = 1 / 16;
  expect(Math.max(...values.map((value) => Math.abs(value)))).toBeLessThanOrEqual(bound);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
  // Four standard errors of the mean and of the variance of 4096 uniform numbers.
  expect(Math.abs(mean)).toBeLessThan((4 * bound) / Math.sqrt(3 * 4096));
  expect(Math.abs(variance / (bound ** 2 / 3) - 1)).toBeLessThan(4 * Math.sqrt(0.8 / 4096));
});

test('numbers depend on the seed, the name and the element', () => {
  const values = initializeLora(a, 7);
  expect(initializeLora(a, 7)).toEqual(values);
  expect(initializeLora({ ...a, shape: [8, 256] }, 7)).toEqual(values.slice(0, 8 * 256));
  expect(initializeLora(a, 8)).not.toEqual(values);
  expect(initializeLora({ ...a, name: 'layer.1.query.lora_A.weight' }, 7)).not.toEqual(values);
});

test('other parameters and seeds are refused', () => {
  expect(() => initializeLora({ name: 'layer.0.query.weight', shape: [2, 2] }, 1)).toThrow(TypeError);
  expect(() => initializeLora(a, -1)).toThrow('seed: expected a whole number in [0, 2^53), got -1');
});
