import { expect, test } from 'vitest';
import { type ProviderStep, places } from './compare-providers.js';
import { providersSection } from './providers-section.js';

const [cpu, wasm, , webgpu, cuda] = places(2);
const shape = '8,128,768,12,3072,4';
const steps: ProviderStep[] = [
  { shape, place: cpu!, done: { shape, ms: 1200.04, gflops: 160, peakRssMb: 925 } },
  {
    shape,
    place: wasm!,
    done: { shape: '1,128,768,12,3072,4', ms: 800, gflops: 20, peakRssMb: 700 },
    reason: 'RangeError: too large',
  },
  { shape, place: webgpu!, reason: 'not done in 9 s' },
  { shape, place: cuda!, reason: 'SessionError: install it' },
];

test('a line for each provider: what it computed, its rate beside the cpu, or that it did not run', () => {
  const [about, table, reasons] = providersSection(steps, { runs: 3, software: true });
  expect(about).toContain('medians of 3');
  expect(about).toContain('software Vulkan');
  expect(table!.split('\n').slice(2)).toEqual([
    `| ${shape} | cpu, 2 threads | the same | 1200.0 | 160.0 | 1.00× | 925 |`,
    `| ${shape} | wasm, 1 thread | 1,128,768,12,3072,4 | 800.0 | 20.0 | 0.13× | 700 |`,
    `| ${shape} | webgpu | not run | – | – | – | – |`,
    `| ${shape} | cuda | not run | – | – | – | – |`,
  ]);
  expect(reasons!.split('\n')).toEqual([
    `- wasm, 1 thread: ${shape} was too much: RangeError: too large`,
    '- webgpu: not run: not done in 9 s',
    '- cuda: not run: SessionError: install it',
  ]);
});

test('nothing is explained where every shape ran, and a GPU is not called software', () => {
  const section = providersSection(steps.slice(0, 1), { runs: 1, software: false });
  expect(section).toHaveLength(2);
  expect(section[0]).not.toContain('software');
});
