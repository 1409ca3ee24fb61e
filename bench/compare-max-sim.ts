import { numbersOf, ours } from './child.js';

/** How the scores were computed: `max-sim.ts --by`. */
const methods = ['ours', 'plain', 'padded'] as const;
export type MaxSimMethod = (typeof methods)[number];

/** All scores of some queries and passages, by one method. */
export interface MaxSimRun {
  /** Passages, mean tokens, dim, queries, query tokens. */
  readonly shape: string;
  readonly by: MaxSimMethod;
  readonly ms: number;
  readonly gflops: number;
  /** The vectors of the passages. */
  readonly vectorsMb: number;
  readonly peakRssMb: number;
  /** Of it, what came while scoring. */
  readonly scoringMb: number;
}

export interface MaxSimOptions {
  readonly shapes: readonly string[];
  readonly threads: number;
  readonly runs: number;
}

/** Every method on every shape, each in a process of its own. */
export async function* compareMaxSim({ shapes, threads, runs }: MaxSimOptions): AsyncGenerator<MaxSimRun> {
  for (const shape of shapes)
    for (const by of methods) {
      const flags = ['--by', by, '--threads', String(threads), '--runs', String(runs)];
      const report = await ours('max-sim.ts', shape, ...flags);
      const { 'ms.median': ms, ...numbers } = numbersOf(
        report,
        'ms.median',
        'gflops',
        'vectorsMb',
        'peakRssMb',
        'scoringMb',
      );
      yield { shape, by, ms, ...numbers };
    }
}
