import { ConfigError } from '../config/config-error.js';
import type { Clock } from '../distill/clock.js';
import type { CostOptions } from '../distill/cost-meter.js';
import { type DistilledScores, distillScores as distill } from '../distill/distill-scores.js';
import { openScoreCache } from '../distill/score-cache.js';
import type { Teacher } from '../distill/teacher.js';
import { openSources } from '../run-files.js';
import { openLineLog } from './line-log.js';
import { nodeFiles } from './node-files.js';
import { openUnfinishedFile } from './unfinished-file.js';

/** Which files to score by which teacher, and where the scores go. */
export interface DistillScoresOptions {
  /** JSON lines of `{query, pos, neg}`, `{query, hits}` or `{query, content}`; `answer` beside them for likelihoods. */
  readonly input: readonly string[];
  readonly teacher: Teacher;
  /** `{query, content, score}` rows. This or `outputLists`, or both. */
  readonly output?: string;
  /** The rows as they were, with `pos_scores` and `neg_scores`. */
  readonly outputLists?: string;
  /** Where scores are kept. @default the first output's name with `.cache.jsonl` behind it */
  readonly cache?: string;
  readonly cost?: CostOptions;
  /** Divides the scores that are written: the temperature of softmax(score / γ). @default 1 */
  readonly gamma?: number;
  /** Replace outputs that are there. */
  readonly overwrite?: boolean;
  /** Pairs without a score that end the run. @default 10 */
  readonly maxFaults?: number;
  /** Write what has scores, where fewer than `maxFaults` pairs have none. */
  readonly leaveOut?: boolean;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly say?: (line: string) => void;
  readonly onProgress?: (scored: number, pairs: number) => void;
}

/**
 * Scores files by a teacher, for a student to learn from: what `rag distill scores` calls. Scores are kept as they come; the same call goes
 * on behind a run that was killed, stopped or out of money.
 * @throws ConfigError for paths, and what the scoring throws
 */
export async function distillScores({
  input,
  output,
  outputLists,
  cache: cachePath,
  overwrite = false,
  ...options
}: DistillScoresOptions): Promise<DistilledScores> {
  const first = output ?? outputLists;
  if (first === undefined)
    throw new ConfigError(
      '--output',
      undefined,
      'expected a file to write, got none — give --output, --output_lists or both',
    );
  const { gamma = 1 } = options;
  if (!(gamma > 0 && Number.isFinite(gamma)))
    throw new ConfigError('--gamma', undefined, `expected a number above 0, got ${gamma}`);
  if (output === outputLists)
    throw new ConfigError(
      '--output_lists',
      undefined,
      `expected another file than --output, got ${outputLists}`,
    );
  const pairs = output === undefined ? undefined : await openUnfinishedFile(output, { overwrite });
  const lists = outputLists === undefined ? undefined : await openUnfinishedFile(outputLists, { overwrite });
  const sources = await openSources(nodeFiles, input);
  try {
    const log = await openLineLog(cachePath ?? `${first}.cache.jsonl`);
    try {
      const cache = await openScoreCache(log);
      return await distill({ ...options, sources, cache, ...(pairs && { pairs }), ...(lists && { lists }) });
    } finally {
      await log.close();
    }
  } finally {
    for (const source of sources) await source.close();
  }
}
