import { expect, test } from 'vitest';
import type { DecoderComparison, DecoderRun } from './compare-decoder.js';
import { qwen05b } from './decoder-plan.js';
import { decoderSection } from './decoder-section.js';

const run = (by: string, how: string, tokensPerSecond: number, plannedMb?: number): DecoderRun => ({
  task: 'lora',
  by,
  how,
  isOurs: by === 'ours',
  tokensPerSecond,
  peakRssMb: 2000,
  plannedMb,
});
const comparison: DecoderComparison = {
  name: 'full rows',
  shape: { ...qwen05b, layers: 4, vocabulary: 25_322 },
  batches: 3,
  rows: 12,
  realTokens: 6144,
  paddingShare: 0,
  rounds: 2,
  runs: [
    { ...run('ours', 'packed', 900), task: 'score' },
    run('ours', 'frozen int4', 300, 1900),
    run('torch fp32', 'padded, recomputed', 150),
    run('torch fp32', 'padded, kept', 200),
  ],
};

test('a line for each run by task, with ratios to the fastest of PyTorch and to what recomputes', () => {
  const [, title, about, table] = decoderSection([comparison], qwen05b);
  expect(title).toBe('### Full rows');
  expect(about).toContain('4 of 24 layers at full width and 25322 of 151936 words');
  expect(about).toContain('3 batches, 12 rows, 6144 tokens');
  expect(about).toContain('Medians over 2 rounds');
  const lines = table!.split('\n').slice(2);
  expect(lines).toEqual([
    '| LoRA, rank 16 | ours | frozen int4 | 300 | 1.50× | 2.00× | – | 2000 | 1900 |',
    '| LoRA, rank 16 | torch fp32 | padded, recomputed | 150 |  |  |  | 2000 |  |',
    '| LoRA, rank 16 | torch fp32 | padded, kept | 200 |  |  |  | 2000 |  |',
    '| scoring | ours | packed | 900 | – | – | – | 2000 |  |',
  ]);
});

test('the whole model says so', () => {
  const [, , about] = decoderSection([{ ...comparison, shape: qwen05b, batches: 1, rounds: 1 }], qwen05b);
  expect(about).toContain('All 24 layers and 151936 words; 1 batch,');
  expect(about).toContain('One round.');
});

test('nothing yet', () => {
  expect(decoderSection([], qwen05b)).toEqual(['Nothing measured.']);
});
