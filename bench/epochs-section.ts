import type { EpochComparison } from './compare-epochs.js';
import { type Contestant, peers } from './compare-steps.js';
import { number, percent, ratio, table, times } from './markdown.js';

/** What `compareEpochs` found so far, in markdown. */
export const epochsSection = (epochs: readonly EpochComparison[]): string[] => [
  'A cross-encoder trained on rows of T2Ranking in batches of 32: ours packed, PyTorch padded to each batch’s longest row, the same rows in the same order. Real tokens per second.',
  epochTable(epochs),
  fillerTable(epochs),
];

const runOf = ({ order, dropout, rows, batches, realTokens }: EpochComparison): string[] => [
  `${order}, ${rows} rows, ${batches} batches, ${realTokens} tokens`,
  String(dropout),
];

function epochTable(epochs: readonly EpochComparison[]): string {
  const head = ['order', 'dropout', 'ours', ...peers, 'ours ÷ fastest fp32', 'ours ÷ bf16'];
  const rows = epochs.map((epoch) => {
    const rate = (name: Contestant) => epoch.times.get(name)?.realTokensPerSecond;
    const fp32 = [rate('torch fp32 eager'), rate('torch fp32 SDPA')].flatMap((x) => x ?? []);
    return [
      ...runOf(epoch),
      number(rate('ours')),
      ...peers.map((name) => number(rate(name))),
      times(ratio(rate('ours'), fp32.length > 0 ? Math.max(...fp32) : undefined)),
      times(ratio(rate('ours'), rate('torch bf16 SDPA'))),
    ];
  });
  return table(head, rows);
}

function fillerTable(epochs: readonly EpochComparison[]): string {
  const head = [
    'order',
    'dropout',
    'ours filler',
    'torch padding',
    'ours MiB',
    ...peers.map((name) => `${name} MiB`),
  ];
  const rows = epochs.map((epoch) => {
    return [
      ...runOf(epoch),
      percent(epoch.times.get('ours')!.fillerShare),
      percent(epoch.times.get('torch fp32 eager')?.fillerShare),
      number(epoch.times.get('ours')!.peakRssMb),
      ...peers.map((name) => number(epoch.times.get(name)?.peakRssMb)),
    ];
  });
  return table(head, rows);
}
