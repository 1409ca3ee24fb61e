import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { numbersOf, ours } from './child.js';
import { type InferenceTask, inferenceTasks, saveInferenceModel } from './inference-model.js';

/** What computed: `inference.ts --by`. */
export const inferencePeers = ['ours', 'transformers'] as const;
type Peer = (typeof inferencePeers)[number];

export interface InferenceMeasured {
  /** Pairs or texts. */
  readonly perSecond: number;
  readonly openMs: number;
  readonly peakMb: number;
}

/** A task on both sides. */
export interface InferenceRow {
  readonly task: InferenceTask;
  readonly rows: number;
  readonly by: Readonly<Record<Peer, InferenceMeasured>>;
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
  readonly runs: number;
  readonly threads: number;
}

/** Both tasks by both, each in a process of its own. */
export async function* compareInference(options: InferenceOptions): AsyncGenerator<InferenceRow> {
  const { data, tokenizer, shape, rows, runs, threads } = options;
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
          ...numbersOf(report, 'rows', 'perSecond', 'openMs', 'peakMb'),
          results: report!.results as readonly number[],
        };
      };
      const [mine, theirs] = [await measured('ours'), await measured('transformers')];
      yield {
        task,
        rows: mine.rows,
        by: { ours: mine, transformers: theirs },
        largestDifference: Math.max(...mine.results.map((x, i) => Math.abs(x - theirs.results[i]!))),
      };
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}
