import { bytesSource } from '@rag/data';
import { expect, test } from 'vitest';
import { crashingDisk } from '../testing/crashing-disk.js';
import { memoryLog } from '../testing/memory-log.js';
import { type DistillScoresJob, distillScores } from './distill-scores.js';
import { openScoreCache } from './score-cache.js';
import type { Teacher, Verdict } from './teacher.js';

const teacher = (judge: (content: string) => Verdict): Teacher => ({
  identity: {},
  batchSize: 1,
  concurrency: 2,
  readsAnswers: false,
  judge: async (pairs) => pairs.map(({ content }) => judge(content)),
});
const scores = teacher((content) => ({ score: content.length / 4 }));
const source = (...rows: object[]) => [
  bytesSource('in.jsonl', rows.map((row) => `${JSON.stringify(row)}\n`).join('')),
];

async function run(job: Pick<DistillScoresJob, 'sources'> & Partial<DistillScoresJob>) {
  const disks = { pairs: crashingDisk(() => 0), lists: crashingDisk(() => 0) };
  const result = await distillScores({
    teacher: scores,
    cache: await openScoreCache(memoryLog()),
    pairs: disks.pairs.open(),
    lists: disks.lists.open(),
    ...job,
  }).catch((error: Error) => error);
  const read = ({ finished }: { finished: Uint8Array | undefined }) =>
    finished &&
    new TextDecoder()
      .decode(finished)
      .trimEnd()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  return { result, pairs: read(disks.pairs), lists: read(disks.lists) };
}

test('both forms, in the order of the input, with what rows hold besides', async () => {
  const { pairs, lists, result } = await run({
    sources: source(
      { id: 7, query: 'q', pos: ['a'], neg: ['bb', 'ccc'], neg_scores: [9] },
      { query: 'r', pos: ['a'] },
      { query: 's', hits: [{ content: 'bb', label: 2, doc: 'd' }] },
    ),
    gamma: 0.5,
  });
  expect(pairs).toEqual([
    { query: 'q', content: 'a', score: 0.5 },
    { query: 'q', content: 'bb', score: 1 },
    { query: 'q', content: 'ccc', score: 1.5 },
    { query: 'r', content: 'a', score: 0.5 },
    { query: 's', content: 'bb', score: 1 },
  ]);
  expect(lists).toEqual([
    { id: 7, query: 'q', pos: ['a'], neg: ['bb', 'ccc'], pos_scores: [0.5], neg_scores: [1, 1.5] },
    { query: 'r', pos: ['a'], pos_scores: [0.5] },
    { query: 's', hits: [{ content: 'bb', doc: 'd', score: 1 }] },
  ]);
  expect(result).toMatchObject({ rows: 3, scored: 5, leftOut: 0 });
});

test('rows of one passage have no form of lists; then nothing is written', async () => {
  const { pairs, lists, result } = await run({ sources: source({ query: 'q', content: 'a' }) });
  expect(result).toMatchObject({
    message: expect.stringMatching(/^in\.jsonl:1: .*a row of one passage — write/),
  });
  expect([pairs, lists]).toEqual([undefined, undefined]);
});

const oddOnes = teacher((content) =>
  content === 'bb' ? { fault: 'expected yes', isFinal: true } : { score: 1 },
);
const sources = source({ query: 'q', pos: ['a'], neg: ['bb'] }, { query: 'q', pos: ['ccc'] });

test('a pair without a score is said with its row, and nothing is written, unless it may be left out', async () => {
  const said: string[] = [];
  const say = (line: string) => void said.push(line);
  const refused = await run({ sources, teacher: oddOnes, say });
  expect(said).toEqual(['in.jsonl:1, passage 2: expected yes']);
  expect(refused.result).toMatchObject({
    name: 'UnfinishedScoresError',
    message:
      'in.jsonl:1, passage 2: expected yes — one pair has no score; 2 of 3 pairs have scores, kept in cache; the same command asks for them again, and --leave_out writes the others',
  });
  expect(refused.pairs).toBeUndefined();
  const { pairs, lists, result } = await run({ sources, teacher: oddOnes, leaveOut: true });
  expect(pairs).toEqual([
    { query: 'q', content: 'a', score: 1 },
    { query: 'q', content: 'ccc', score: 1 },
  ]);
  expect(lists).toEqual([{ query: 'q', pos: ['ccc'], pos_scores: [1] }]);
  expect(result).toMatchObject({ leftOut: 1 });
});

test('the limit of faults holds where they may be left out', async () => {
  const { result } = await run({ sources, teacher: oddOnes, leaveOut: true, maxFaults: 1 });
  expect(result).toMatchObject({
    message: expect.stringContaining('change the prompt or the model, or raise --max_faults'),
  });
});

test('the cost limit says how much is done', async () => {
  const paid: Teacher = { ...scores, mostTokens: () => ({ promptTokens: 10, completionTokens: 0 }) };
  const cost = { promptPrice: 1, completionPrice: 1, maxCost: 0 };
  const { result, pairs } = await run({ sources, teacher: paid, cost });
  expect(result).toMatchObject({
    message:
      'cost limit: expected 0 to be enough, got 0 spent and the next request may pass it; 0 of 3 pairs have scores, kept in cache — the same command with a higher --max_cost goes on',
  });
  expect(pairs).toBeUndefined();
});
