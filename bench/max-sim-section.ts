import type { MaxSimRun } from './compare-max-sim.js';
import { number, table } from './markdown.js';

const names = {
  ours: 'one fused pass over packed passages (@rag/colbert)',
  plain: 'all products at once, then the maxima',
  padded: 'passages padded to the longest, MatMul and ReduceMax',
} as const;

/** What `compareMaxSim` found so far, in markdown. */
export const maxSimSection = (runs: readonly MaxSimRun[]): string[] => [
  'Late-interaction scores of queries against many passages, whose lengths lie between 1 and twice the mean. Milliseconds of all scores, medians; GFLOP/s of the products that count. Peak resident memory of the process in MiB, and what of it came while scoring: the vectors, and the padded copy of them, were there before.',
  table(
    [
      'passages, mean tokens, dim, queries, query tokens',
      'by',
      'ms',
      'GFLOP/s',
      'vectors MiB',
      'peak MiB',
      'of it for scoring',
    ],
    runs.map((run) => [
      run.shape.replaceAll(',', ', '),
      names[run.by],
      number(run.ms, 1),
      number(run.gflops),
      number(run.vectorsMb),
      number(run.peakRssMb),
      number(run.scoringMb),
    ]),
  ),
];
