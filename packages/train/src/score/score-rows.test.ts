import { bytesSource, parseEmbeddingRecord, parseRecord } from '@rag/data';
import { expect, test } from 'vitest';
import { Crash, crashingDisk } from '../testing/crashing-disk.js';
import type { PairScorer } from './pair-scorer.js';
import { type ScoreJob, scoreRows } from './score-rows.js';

/** A score that says what was scored, and how many were scored together. */
const scorer: PairScorer = {
  score: async (pairs) =>
    pairs.map(
      ({ query, prompted, passage }) =>
        passage.length + query.length / 8 + (prompted.length - query.length) / 64,
    ),
};

async function scored(lines: readonly string[], options: Partial<ScoreJob> = {}) {
  const disk = crashingDisk(() => 0);
  const sources = [bytesSource('rows.jsonl', `${lines.join('\n')}\n`)];
  const report = await scoreRows({ sources, scorer, file: disk.open(), settings: {}, ...options });
  const text = new TextDecoder().decode(disk.finished);
  return {
    report,
    text,
    rows: text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  };
}

test('scores stand beside what they are of; other fields keep their text', async () => {
  const { text, report, rows } = await scored([
    '{"id":9007199254740993123,"query":"q","pos":["ab"],"neg":["abc","a"],"neg_scores":["stale"]}',
    '{"query":"q","pos":["ab"],"prompt_for_query":"pppp"}',
    '{"query":"q","content":"abcd","label":1}',
    '{"query":"q","pos":["ab","a"],"scores":[7,8]}',
    '{"query":"q","pos":["ab"],"neg":[]}',
  ]);
  expect(text.split('\n')).toEqual([
    '{"id":9007199254740993123, "query":"q", "pos":["ab"], "neg":["abc","a"], "neg_scores": [3.125,1.125], "pos_scores": [2.125]}',
    '{"query":"q", "pos":["ab"], "prompt_for_query":"pppp", "pos_scores": [2.1875]}',
    '{"query":"q", "content":"abcd", "label":1, "score": 4.125}',
    '{"query":"q", "pos":["ab","a"], "scores": [2.125,1.125]}',
    '{"query":"q", "pos":["ab"], "neg":[], "pos_scores": [2.125], "neg_scores": []}',
    '',
  ]);
  expect(report).toMatchObject({
    rows: 5,
    pairs: 8,
    scores: { neg_scores: { count: 2, mean: 2.125, min: 1.125, max: 3.125 }, score: { count: 1 } },
  });
  const at = { file: 'scored', line: 1 };
  for (const row of [rows[0], rows[1], rows[4]]) {
    expect(parseRecord(row, at).shape).toBe('lists');
    expect(parseEmbeddingRecord(row, at).shape).toMatch('neg' in row ? 'triplet' : 'scored');
  }
});

test('as pairs: a line per passage, of hits too', async () => {
  const { rows, report } = await scored(
    [
      '{"query":"q","pos":["ab"],"neg":["a"],"prompt_for_query":"pppp"}',
      '{"query":"q","hits":[{"content":"abc","label":1},{"content":"a"}]}',
      '{"query":"q","content":"a"}',
    ],
    { as: 'pairs' },
  );
  expect(rows).toEqual([
    { query: 'q', content: 'ab', score: 2.1875, prompt_for_query: 'pppp' },
    { query: 'q', content: 'a', score: 1.1875, prompt_for_query: 'pppp' },
    { query: 'q', content: 'abc', score: 3.125 },
    { query: 'q', content: 'a', score: 1.125 },
    { query: 'q', content: 'a', score: 1.125 },
  ]);
  expect(report.scores.hits?.count).toBe(2);
  for (const row of rows) expect(parseRecord(row, { file: 'pairs', line: 1 }).shape).toBe('scored');
});

test.each([
  ['[]', 'the row to be an object'],
  ['{"query":"q"}', '"pos", "content" or "hits" beside "query"'],
  ['{"query":"q","pos":[]}', '"pos" to hold a passage'],
  ['{"query":" ","pos":["a"]}', '"query" to hold text'],
  ['{"query":"q","pos":["a"],"negs":["a"]}', 'expected "neg", got "negs"'],
  ['{"query":"q","pos":["a"],"neg":["b"],"scores":[1]}', 'got "scores" and "neg"'],
  ['{"query":"q","pos":["\\ud800"]}', 'half of a surrogate pair'],
  ['{"query":"q","pos":["a"],"prompt_for_query":3}', '"prompt_for_query" to be a string'],
  ['{"query":"q","hits":[{"content":"a"}]}', 'pass --as pairs'],
  ['{"query":"q","pos":["a"],"content":"a"}', 'got "pos" and "content"'],
  ['{', 'rows.jsonl:1'],
])('%s is refused with its line', async (line, message) => {
  await expect(scored([line])).rejects.toThrow(message);
  await expect(scored([line])).rejects.toThrow('rows.jsonl:1');
});

test('a run that is killed at any step goes on to the same bytes, report and windows', async () => {
  const lines = Array.from({ length: 23 }, (_, i) =>
    JSON.stringify({ query: `q${i}`, pos: ['a'.repeat(i + 1)], neg: ['b', 'c'.repeat((i * 5) % 7 || 1)] }),
  );
  const windows: string[] = [];
  const watched: PairScorer = {
    score: async (pairs) => {
      windows.push(pairs.map(({ query }) => query).join());
      return scorer.score(pairs);
    },
  };
  const options = { scorer: watched, windowPairs: 10, commitMilliseconds: 0 };
  const whole = await scored(lines, options);
  const known = new Set(windows);
  expect(known.size).toBe(6);
  let resumed = 0;
  for (let crashAt = 0; ; crashAt++) {
    const disk = crashingDisk(() => (crashAt % 10) / 10);
    const job = { sources: [bytesSource('rows.jsonl', lines.join('\n'))], settings: {}, ...options };
    const run = (at?: number) => scoreRows({ ...job, file: disk.open(at) });
    const first = await run(crashAt).catch((error: unknown) => error);
    if (!(first instanceof Crash)) break;
    if (disk.finished) continue;
    windows.length = 0;
    const report = await run();
    if (windows.length < 6) resumed++;
    expect(windows.every((window) => known.has(window))).toBe(true);
    expect(report).toEqual(whole.report);
    expect(new TextDecoder().decode(disk.finished)).toBe(whole.text);
  }
  expect(resumed).toBeGreaterThan(5);
});

test('an unfinished file of other settings or another form is refused, and begun again with overwrite', async () => {
  const disk = crashingDisk(() => 0);
  const rows = Array.from({ length: 4 }, () => '{"query":"q","pos":["a"]}').join('\n');
  const run = (options: Partial<ScoreJob>, crashAt?: number) =>
    scoreRows({
      sources: [bytesSource('rows.jsonl', rows)],
      scorer,
      settings: { model: 'a' },
      windowPairs: 1,
      commitMilliseconds: 0,
      ...options,
      file: disk.open(crashAt),
    });
  await expect(run({}, 8)).rejects.toThrow(Crash);
  await expect(run({ settings: { model: 'b' } })).rejects.toThrow('expected model "a"');
  await expect(run({ as: 'pairs' })).rejects.toThrow('expected as "rows"');
  await expect(
    run({ sources: [bytesSource('rows.jsonl', '{"query":"x","pos":["a"]}\n'.repeat(4))] }),
  ).rejects.toThrow('expected the');
  const others = [bytesSource('rows.jsonl', '{"query":"x","pos":["a"]}\n'.repeat(3))];
  expect(await run({ sources: others, overwrite: true })).toMatchObject({ rows: 3 });
  const again = crashingDisk(() => 0);
  const job = { sources: [bytesSource('rows.jsonl', rows)], scorer, windowPairs: 1, commitMilliseconds: 0 };
  await expect(scoreRows({ ...job, settings: {}, file: again.open(8) })).rejects.toThrow(Crash);
  const settings = { model: 'b' };
  const report = await scoreRows({ ...job, settings, overwrite: true, file: again.open() });
  expect(report).toMatchObject({ rows: 4 });
});
