import { expect, test } from 'vitest';
import { bytesSource } from './byte-source.js';
import golden from './fixtures/qa-samples.json' with { type: 'json' };
import type { QaSample } from './qa-rows.js';
import { qaSamples } from './qa-samples.js';

async function collect(samples: AsyncIterable<QaSample>): Promise<QaSample[]> {
  const all = [];
  for await (const sample of samples) all.push(sample);
  return all;
}
const table = () => bytesSource('table.csv', golden.csv);

test.each(golden.runs)("the article's samples: $passage, $neg_batch_size × $n_neg_batch", async (run) => {
  const where = run.where as unknown as Record<string, string>;
  const options = {
    compat: true,
    passage: run.passage,
    negBatchSize: run.neg_batch_size,
    negBatches: run.n_neg_batch,
  };
  const samples = qaSamples(table(), { ...options, where });
  expect(await collect(samples)).toEqual(run.samples);
  const { summary } = samples;
  expect(summary.samples).toBe(run.samples.length);
  // The answers' column of the train split asks "Capital of Peru?" twice.
  expect(summary.repeatedQuestions).toBe(1);
  expect(summary.rows).toBe(new Set(run.samples.map(({ query }) => query)).size);
});

test('the fixture has a batch that the row’s own answer empties', () => {
  const batches = golden.runs.flatMap((run) => run.samples.map(({ neg }) => neg.length));
  expect(batches).toContain(0);
});

test('a table of one question has no negatives', async () => {
  const one = bytesSource('t.csv', 'question,answer\na?,x\na?,y\n');
  await expect(collect(qaSamples(one, { compat: true }))).rejects.toMatchObject({
    fault: 'no-contrast',
    message:
      't.csv:2: expected a different answer in another row, got none — add rows, leave the category out, or skip bad rows',
  });
});
