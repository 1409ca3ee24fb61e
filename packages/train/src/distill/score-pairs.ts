import { type ByteSource, formatPosition } from '@rag/data';
import { AskError, ask } from './ask.js';
import { type Clock, systemClock } from './clock.js';
import { type CostMeter, type CostOptions, costMeter } from './cost-meter.js';
import { type CacheEntry, pairKeys, type ScoreCache } from './score-cache.js';
import { readScoreRows } from './score-row.js';
import type { Teacher, TeacherPair, TokenUsage, Verdict } from './teacher.js';

/** What to score, and by whom. */
export interface ScorePairsJob {
  readonly sources: readonly ByteSource[];
  readonly teacher: Teacher;
  readonly cache: ScoreCache;
  readonly cost?: CostOptions;
  /** Pairs without a score that end the run; those under way are still waited for. @default 10 */
  readonly maxFaults?: number;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly say?: (line: string) => void;
  /** Told of the pairs that have a score, of all. */
  readonly onProgress?: (scored: number, pairs: number) => void;
}

/** What was scored; pairs that occur twice count once. */
export interface ScoredPairs {
  readonly rows: number;
  readonly pairs: number;
  /** Of the pairs, those that have a score now. */
  readonly scored: number;
  /** Of these, by this run, and what they were read from. */
  readonly here: number;
  readonly byLogprobs: number;
  readonly byText: number;
  /** Lines `<file:line>, passage n: expected …, got …`, one per pair without a score that was asked for. */
  readonly faults: readonly string[];
  /** Of all requests that the cache knows of; undefined without prices. */
  readonly spent?: number;
  /** What ended the run early. */
  readonly stopped?: 'cost' | 'faults';
}

interface Question {
  readonly key: string;
  readonly pair: TeacherPair;
  /** As faults call it. */
  readonly where: string;
}

/**
 * Gives every pair of the files a score in the cache. All rows are read and checked before the first question; what the cache has
 * is not asked again, and what was answered is kept at once, so that a run that ends anyhow is gone on with.
 * @throws DataError, AskError, UncountedCostError, the signal's reason, and what the teacher throws
 */
export async function scorePairs(job: ScorePairsJob): Promise<ScoredPairs> {
  const { teacher, cache, cost, maxFaults = 10, clock = systemClock, say, onProgress } = job;
  const found = await countPairs(job);
  const meter = cost && costMeter(cost, cache.used);
  const tally = { here: 0, byLogprobs: 0, byText: 0 };
  const faults: string[] = [];
  let stopped: ScoredPairs['stopped'];
  const halt = new AbortController();
  const signal = AbortSignal.any([halt.signal, ...(job.signal ? [job.signal] : [])]);

  const answer = async (batch: readonly Question[]): Promise<void> => {
    const { verdicts, lost } = await askAndKeep(batch, { teacher, cache, clock, meter, signal, say });
    if (hasTokens(lost)) await cache.keep([costEntry(lost)]);
    if (verdicts === 'unpaid') {
      stopped ??= 'cost';
      return;
    }
    await cache.keep(verdicts.flatMap((verdict, i) => entryOf(batch[i]!.key, verdict)));
    for (const [i, verdict] of verdicts.entries()) {
      if ('fault' in verdict) faults.push(`${batch[i]!.where}: ${verdict.fault}`);
      else {
        tally.here++;
        if (verdict.by === 'logprobs') tally.byLogprobs++;
        if (verdict.by === 'text') tally.byText++;
      }
    }
    if (faults.length >= maxFaults) stopped ??= 'faults';
    onProgress?.(found.scored + tally.here, found.pairs);
  };

  const batches = questionsOf(job);
  let failure: { readonly error: unknown } | undefined;
  const work = async (): Promise<void> => {
    try {
      while (stopped === undefined && !signal.aborted) {
        const { done, value } = await batches.next();
        if (done || stopped !== undefined) return;
        await answer(value);
      }
    } catch (error) {
      failure ??= { error };
      halt.abort(error);
    }
  };
  await Promise.all(Array.from({ length: teacher.concurrency }, work));
  await batches.return();
  if (failure) throw failure.error;
  job.signal?.throwIfAborted();
  return {
    rows: found.rows,
    pairs: found.pairs,
    scored: found.scored + tally.here,
    ...tally,
    faults,
    ...(meter && { spent: meter.spent }),
    ...(stopped !== undefined && { stopped }),
  };
}

type Asking = Pick<Required<ScorePairsJob>, 'teacher' | 'cache' | 'clock'> &
  Pick<ScorePairsJob, 'say'> & { readonly meter: CostMeter | undefined; readonly signal: AbortSignal };

async function askAndKeep(batch: readonly Question[], { teacher, cache, clock, meter, signal, say }: Asking) {
  try {
    return await ask(
      teacher,
      batch.map(({ pair }) => pair),
      signal,
      { clock, ...(meter && { meter }), ...(say && { say }) },
    );
  } catch (error) {
    if (error instanceof AskError && hasTokens(error.lost)) await cache.keep([costEntry(error.lost)]);
    throw error;
  }
}

/** How much there is to do; reads every row, so that a bad one costs nothing. */
async function countPairs({ sources, teacher, cache }: ScorePairsJob) {
  const keyOf = pairKeys(teacher);
  const seen = new Set<string>();
  let [rows, scored] = [0, 0];
  for await (const { pairs } of readScoreRows(sources, teacher.readsAnswers)) {
    rows++;
    for (const pair of pairs) {
      const key = await keyOf(pair);
      if (seen.has(key)) continue;
      seen.add(key);
      if (cache.get(key)) scored++;
    }
  }
  return { rows, pairs: seen.size, scored };
}

/** The pairs without a score in the cache, each once, by calls. */
async function* questionsOf({
  sources,
  teacher,
  cache,
}: ScorePairsJob): AsyncGenerator<Question[], void, undefined> {
  const keyOf = pairKeys(teacher);
  const asked = new Set<string>();
  let batch: Question[] = [];
  for await (const { at, pairs } of readScoreRows(sources, teacher.readsAnswers))
    for (const [i, pair] of pairs.entries()) {
      const key = await keyOf(pair);
      if (asked.has(key) || cache.get(key)) continue;
      asked.add(key);
      batch.push({ key, pair, where: `${formatPosition(at)}, passage ${i + 1}` });
      if (batch.length < teacher.batchSize) continue;
      yield batch;
      batch = [];
    }
  if (batch.length > 0) yield batch;
}

const hasTokens = ({ promptTokens, completionTokens }: TokenUsage): boolean =>
  promptTokens + completionTokens > 0;

const costEntry = ({ promptTokens, completionTokens }: TokenUsage): CacheEntry => ({
  prompt_tokens: promptTokens,
  completion_tokens: completionTokens,
});

function entryOf(key: string, verdict: Verdict): CacheEntry[] {
  const cost = verdict.usage && costEntry(verdict.usage);
  if ('fault' in verdict) return cost ? [cost] : [];
  const { score, by } = verdict;
  return [{ key, score, ...(by && { by }), ...cost }];
}
