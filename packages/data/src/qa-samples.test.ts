import { expect, test } from 'vitest';
import { type ByteSource, bytesSource } from './byte-source.js';
import { parseEmbeddingRecord } from './embedding-record.js';
import { readLines } from './jsonl.js';
import type { QaSample } from './qa-rows.js';
import { type QaSamplesOptions, qaSamples } from './qa-samples.js';

const source = (rows: readonly object[], name = 't.jsonl') =>
  bytesSource(name, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
async function collect(samples: AsyncIterable<QaSample>): Promise<QaSample[]> {
  const all = [];
  for await (const sample of samples) all.push(sample);
  return all;
}
const numbered = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ question: `q${i}?`, answer: `a${i}`, kind: i % 3 }));
const make = (data: ByteSource, options: QaSamplesOptions) => collect(qaSamples(data, options));

test('each question gets batches of different negatives, none its own answer', async () => {
  const samples = await make(source(numbered(100)), { negBatchSize: 4, negBatches: 3 });
  expect(samples.length).toBe(300);
  for (let row = 0; row < 100; row++) {
    const own = samples.slice(row * 3, row * 3 + 3);
    expect(own.map(({ query, pos }) => [query, ...pos])).toEqual(Array(3).fill([`q${row}?`, `a${row}`]));
    expect(own.map(({ neg }) => neg.length)).toEqual([4, 4, 4]);
    const negatives = own.flatMap(({ neg }) => neg);
    expect(new Set([...negatives, `a${row}`]).size).toBe(13);
  }
});

test('negatives are drawn from the whole table, evenly', async () => {
  const samples = await make(source(numbered(50)), { negBatchSize: 10, negBatches: 1 });
  const counts = new Map<string, number>();
  for (const text of samples.flatMap(({ neg }) => neg)) counts.set(text, (counts.get(text) ?? 0) + 1);
  // 500 draws over 50 answers: 10 each, sd about 2.9; file order would give 50 to some and 0 to others.
  expect(counts.size).toBe(50);
  expect(Math.max(...counts.values())).toBeLessThan(25);
});

test('the seed decides, and walks agree', async () => {
  const options = { negBatchSize: 2, negBatches: 2, seed: 5 };
  const samples = qaSamples(source(numbered(20)), options);
  const first = await collect(samples);
  expect(await collect(samples)).toEqual(first);
  expect(samples.summary.rows).toBe(20);
  expect(await make(source(numbered(20)), { ...options, seed: 6 })).not.toEqual(first);
});

test('negatives of the same category', async () => {
  const samples = await make(source(numbered(30)), { negBatchSize: 3, negBatches: 3, category: 'kind' });
  expect(samples.length).toBe(90);
  for (const { query, neg } of samples) {
    const kind = Number.parseInt(query.slice(1), 10) % 3;
    for (const text of neg) expect(Number(text.slice(1)) % 3).toBe(kind);
  }
});

test('an answer of the same question in another row is no negative, nor is an equal answer of another', async () => {
  const rows = [
    { question: 'capital?', answer: 'Lima' },
    { question: 'capital?', answer: 'It is Lima' },
    { question: 'largest city?', answer: 'Lima' },
    { question: 'river?', answer: 'Amazon' },
  ];
  const samples = qaSamples(source(rows), { negBatchSize: 2, negBatches: 2 });
  const negatives = (await collect(samples)).map(({ query, neg }) => [query, [...neg].sort()]);
  expect(negatives).toEqual([
    ['capital?', ['Amazon']],
    ['capital?', ['Amazon']],
    ['largest city?', ['Amazon', 'It is Lima']],
    ['river?', ['It is Lima', 'Lima']],
  ]);
  expect(samples.summary.shortQuestions).toBe(4);
});

test('-1 puts all other answers into one sample', async () => {
  const samples = qaSamples(source(numbered(7)), { negBatchSize: -1 });
  for await (const { neg, pos } of samples) {
    expect([...neg, ...pos].sort()).toEqual(numbered(7).map(({ answer }) => answer));
  }
  expect([samples.summary.samples, samples.summary.shortQuestions]).toEqual([7, 0]);
  await expect(make(source(numbered(500)), { negBatchSize: -1, poolBytes: 10_000 })).rejects.toThrow(
    't.jsonl: expected poolBytes to hold all answers, got 10000 bytes',
  );
});

test('a table larger than the pool gives every question its negatives', async () => {
  const samples = qaSamples(source(numbered(3000)), { negBatchSize: 5, negBatches: 2, poolBytes: 30_000 });
  const used = new Set<string>();
  for await (const { neg } of samples) {
    expect(neg.length).toBe(5);
    for (const text of neg) used.add(text);
  }
  expect(samples.summary).toMatchObject({ rows: 3000, samples: 6000, shortQuestions: 0 });
  expect(used.size).toBeGreaterThan(50);
  expect(used.size).toBeLessThan(150); // 30,000 bytes, about 230 an answer
});

test('a row without negatives is an error that says why, or counted', async () => {
  const rows = [...numbered(4), { question: 'alone?', answer: 'z', kind: 'single' }];
  const options = { category: 'kind', negBatchSize: 1, negBatches: 1 } as const;
  await expect(make(source(rows.slice(2)), options)).rejects.toMatchObject({
    fault: 'no-contrast',
    message:
      't.jsonl:1: expected a different answer in another row of category "2", got none — ' +
      'add rows, leave the category out, or skip bad rows',
  });
  const samples = qaSamples(source(rows), { ...options, badRows: 'skip' });
  expect((await collect(samples)).map(({ query }) => query)).toEqual(['q0?', 'q3?']);
  expect(samples.summary).toMatchObject({
    rows: 5,
    skipped: { 'no-contrast': { count: 3, first: 't.jsonl:2' } },
  });
});

test('nothing usable', async () => {
  await expect(make(source(numbered(3)), { where: { kind: 'x' } })).rejects.toMatchObject({
    fault: 'empty-file',
    message: 't.jsonl: expected at least one usable row, got none, "where" left out 3',
  });
  await expect(make(source([{ question: '', answer: 'a' }]), { badRows: 'skip' })).rejects.toThrow(
    'got none, others were skipped (empty-query)',
  );
});

test('a table that changes between the passes', async () => {
  const [before, after] = [source(numbered(5)), source(numbered(6).slice(1))];
  let passes = 0;
  const moving = { ...before, chunks: () => (passes++ === 0 ? before : after).chunks() };
  await expect(make(moving, { negBatchSize: 1, negBatches: 1 })).rejects.toMatchObject({
    fault: 'changed-file',
  });
});

test.each<[QaSamplesOptions, string]>([
  [{ negBatchSize: 0 }, 'neg_batch_size: expected an integer from 1 to 2^20, or -1 for all, got 0'],
  [{ negBatchSize: 1.5 }, 'neg_batch_size'],
  [{ negBatches: 0 }, 'n_neg_batch: expected an integer from 1 to 2^20, got 0'],
  [{ negBatchSize: -1, compat: true }, 'with compat (the article makes no samples of -1)'],
  [{ category: 'c', compat: true }, 'category: expected none with compat'],
])('%j', (options, message) => {
  expect(() => qaSamples(source([]), options)).toThrow(message);
});

test('samples are triplets that the loaders take', async () => {
  const lines = (await make(source(numbered(5)), { negBatchSize: 2 })).map((sample) =>
    JSON.stringify(sample),
  );
  for await (const { bytes, at } of readLines(bytesSource('s.jsonl', lines.join('\n')))) {
    const record = parseEmbeddingRecord(JSON.parse(new TextDecoder().decode(bytes)), at);
    expect(record.shape).toBe('triplet');
  }
});
