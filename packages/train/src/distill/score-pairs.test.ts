import { bytesSource } from '@rag/data';
import { expect, test } from 'vitest';
import { memoryLog } from '../testing/memory-log.js';
import { stillClock } from '../testing/teacher-server.js';
import { openScoreCache } from './score-cache.js';
import { type ScorePairsJob, scorePairs } from './score-pairs.js';
import type { Teacher, TeacherPair, Verdict } from './teacher.js';

const usage = { promptTokens: 100, completionTokens: 0 };
const rows = Array.from({ length: 10 }, (_, i) => ({
  query: `q${i}`,
  pos: [`${i}`],
  neg: ['n', 'n', `${i}`],
}));

/** A teacher whose score of a passage is its number; `judge` may be given instead. */
function counting(judge?: (pair: TeacherPair) => Verdict | Promise<Verdict>, batchSize = 1, concurrency = 3) {
  const asked: string[] = [];
  const teacher: Teacher = {
    identity: { model: 'm' },
    batchSize,
    concurrency,
    readsAnswers: false,
    mostTokens: () => ({ promptTokens: 150, completionTokens: 0 }),
    judge: async (pairs) => {
      const verdicts: Verdict[] = [];
      for (const pair of pairs) {
        asked.push(`${pair.query} ${pair.content}`);
        verdicts.push((await judge?.(pair)) ?? { score: Number(pair.content) || 0, by: 'text', usage });
      }
      return verdicts;
    },
  };
  return { teacher, asked };
}

async function job(
  teacher: Teacher,
  log = memoryLog(),
  more: Partial<ScorePairsJob> = {},
): Promise<ScorePairsJob> {
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  return {
    sources: [bytesSource('in.jsonl', text)],
    teacher,
    cache: await openScoreCache(log),
    clock: stillClock().clock,
    ...more,
  };
}

test('asks for each pair once, and again for none that was kept', async () => {
  const { teacher, asked } = counting();
  const log = memoryLog();
  const progress: number[] = [];
  const onProgress = (scored: number, pairs: number) => void progress.push(scored, pairs);
  expect(await scorePairs(await job(teacher, log, { onProgress }))).toEqual({
    ...{ rows: 10, pairs: 20, scored: 20, here: 20, byLogprobs: 0, byText: 20, faults: [] },
  });
  expect(new Set(asked).size).toBe(20);
  expect(asked).toHaveLength(20);
  expect(progress.slice(-2)).toEqual([20, 20]);
  expect(await scorePairs(await job(teacher, log))).toMatchObject({ scored: 20, here: 0 });
  expect(asked).toHaveLength(20);
  const other = counting();
  await scorePairs(await job({ ...other.teacher, identity: { model: 'n' } }, log));
  expect(other.asked).toHaveLength(20);
});

test('asks as much at once as the teacher takes, and no more', async () => {
  const waiting: (() => void)[] = [];
  let isOpen = false;
  const { teacher } = counting(async () => {
    if (!isOpen) {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        if (waiting.length === 3) isOpen = true;
        if (isOpen) for (const go of waiting) go();
      });
    }
    return { score: 1 };
  });
  expect(await scorePairs(await job(teacher))).toMatchObject({ scored: 20 });
  expect(waiting).toHaveLength(3);
});

test('fills calls of many pairs', async () => {
  const { teacher, asked } = counting(undefined, 8, 1);
  expect(await scorePairs(await job(teacher))).toMatchObject({ scored: 20 });
  expect(asked).toHaveLength(20);
});

test('a bad row costs nothing', async () => {
  const { teacher, asked } = counting();
  const bad = { sources: [bytesSource('in.jsonl', '{"query":"q","pos":["a"]}\n{"query":"q"}\n')] };
  await expect(scorePairs(await job(teacher, memoryLog(), bad))).rejects.toThrow(/^in\.jsonl:2/);
  expect(asked).toEqual([]);
});

test('killed at any request, what was answered is kept and the rest is asked for', async () => {
  for (let at = 0; at < 20; at++) {
    const log = memoryLog();
    let left = at;
    const dying = counting(
      () => {
        if (left-- === 0) throw new Error('killed');
        return { score: 1 };
      },
      1,
      1,
    );
    await expect(scorePairs(await job(dying.teacher, log))).rejects.toThrow('killed');
    const next = counting();
    const done = await scorePairs(await job(next.teacher, log));
    expect(done.scored).toBe(20);
    expect(next.asked).toHaveLength(20 - at);
  }
});

test('an interruption ends it with its reason', async () => {
  const stop = new AbortController();
  const { teacher } = counting(({ query }) => {
    if (query === 'q2') stop.abort(new Error('enough'));
    return { score: 1 };
  });
  await expect(scorePairs(await job(teacher, memoryLog(), { signal: stop.signal }))).rejects.toThrow(
    'enough',
  );
});

test('faults name file, line and passage; too many of them end it', async () => {
  const { teacher } = counting(({ content }) =>
    content === 'n' ? { fault: 'expected yes', isFinal: true, usage } : { score: 1 },
  );
  const some = await scorePairs(await job(teacher, memoryLog(), { maxFaults: 11 }));
  expect(some).toMatchObject({ scored: 10, here: 10 });
  expect(some.faults).toHaveLength(10);
  expect(some.faults).toContain('in.jsonl:3, passage 2: expected yes');
  expect(some).not.toHaveProperty('stopped');
  const few = await scorePairs(await job(teacher, memoryLog(), { maxFaults: 2 }));
  expect(few.stopped).toBe('faults');
  // Those under way were waited for.
  expect(few.faults.length).toBeLessThan(2 + teacher.concurrency);
});

test('the cost never passes its limit, over runs, and a higher one goes on', async () => {
  const cost = { promptPrice: 1e6, completionPrice: 0 };
  const log = memoryLog();
  const { teacher, asked } = counting();
  const first = await scorePairs(await job(teacher, log, { cost: { ...cost, maxCost: 1_000 } }));
  expect(first.stopped).toBe('cost');
  // Each costs 100, and may have cost 150.
  expect([first.spent, first.scored, asked.length]).toEqual([900, 9, 9]);
  expect(await scorePairs(await job(teacher, log, { cost: { ...cost, maxCost: 1_000 } }))).toMatchObject({
    stopped: 'cost',
    here: 0,
    spent: 900,
  });
  const last = await scorePairs(await job(teacher, log, { cost: { ...cost, maxCost: 2_050 } }));
  expect([last.spent, last.scored, last.here]).toEqual([2_000, 20, 11]);
  expect(last).not.toHaveProperty('stopped');
});

test('what answers without a score have cost is kept too', async () => {
  const { teacher } = counting(() => ({ fault: 'expected yes', usage }), 1, 1);
  const log = memoryLog();
  const cost = { promptPrice: 1e6, completionPrice: 0 };
  const done = await scorePairs(await job(teacher, log, { cost, maxFaults: 1 }));
  expect(done.spent).toBe(300);
  expect((await openScoreCache(log)).used.promptTokens).toBe(300);
});
