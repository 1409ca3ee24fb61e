import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { numbersOf, ours } from './child.js';
import { type InferenceTask, inferenceTasks, saveInferenceModel } from './inference-model.js';
import { median, type Range, range } from './measure.js';

/** What computed: `inference.ts --by`. */
export const inferencePeers = ['ours', 'transformers'] as const;
type Peer = (typeof inferencePeers)[number];

export interface InferenceMeasured {
  /** Pairs or texts. */
  readonly perSecond: number;
  /** Processor seconds of all threads, for all of them. */
  readonly processorSeconds: number;
  readonly openMs: number;
  readonly peakMb: number;
}

/** A task on both sides. */
export interface InferenceRow {
  readonly task: InferenceTask;
  readonly rows: number;
  /** Medians over the rounds, memory the most. */
  readonly by: Readonly<Record<Peer, InferenceMeasured>>;
  /** Ours per second beside theirs, of each round: what else the machine did falls on both. */
  readonly ratios: Range;
  /** Between the scores, or the vectors' first elements, of the two. */
  readonly largestDifference: number;
}

export interface InferenceOptions {
  /** JSON lines of {query, pos, neg}. */
  readonly data: string;
  /** A directory with a BERT tokenizer. */
  readonly tokenizer: string;
  /** Hidden size, heads, feed-forward size, layers. */
  readonly shape: string;
  readonly rows: number;
  readonly rounds: number;
  /** Within a round, after one that is not measured. */
  readonly runs: number;
  readonly threads: number;
}

/** Both tasks by both in turn, round after round, each in a process of its own. */
export async function* compareInference(options: InferenceOptions): AsyncGenerator<InferenceRow> {
  const { data, tokenizer, shape, rows, rounds, runs, threads } = options;
  const folder = await mkdtemp(join(tmpdir(), 'rag-inference-'));
  try {
    for (const task of inferenceTasks) {
      const directory = join(folder, task);
      await saveInferenceModel(directory, task, tokenizer, shape);
      const measured = async (by: Peer) => {
        const report = await ours(
          'inference.ts',
          directory,
          data,
          ...['--task', task, '--by', by, '--rows', String(rows), '--runs', String(runs)],
          ...['--threads', String(threads)],
        );
        return {
          ...numbersOf(report, 'rows', 'perSecond', 'processorSeconds', 'openMs', 'peakMb'),
          results: report!.results as readonly number[],
        };
      };
      const mine: Awaited<ReturnType<typeof measured>>[] = [];
      const theirs: typeof mine = [];
      for (let round = 0; round < rounds; round++) {
        mine.push(await measured('ours'));
        theirs.push(await measured('transformers'));
      }
      const [first, other] = [mine[0]!, theirs[0]!];
      yield {
        task,
        rows: first.rows,
        by: { ours: overall(mine), transformers: overall(theirs) },
        ratios: range(mine.map(({ perSecond }, round) => perSecond / theirs[round]!.perSecond)),
        largestDifference: Math.max(...first.results.map((x, i) => Math.abs(x - other.results[i]!))),
      };
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

const overall = (rounds: readonly InferenceMeasured[]): InferenceMeasured => ({
  perSecond: median(rounds.map(({ perSecond }) => perSecond)),
  processorSeconds: median(rounds.map(({ processorSeconds }) => processorSeconds)),
  openMs: median(rounds.map(({ openMs }) => openMs)),
  peakMb: Math.max(...rounds.map(({ peakMb }) => peakMb)),
});
