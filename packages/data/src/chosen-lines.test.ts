import { expect, test } from 'vitest';
import { bytesSource } from './byte-source.js';
import { chosenLines } from './chosen-lines.js';
import { openRecords } from './records.js';

const rows = Array.from({ length: 40 }, (_, i) => `{"query": "q${i}", "content": "c", "label": 1}`);
const source = (lines: readonly string[] = rows) => bytesSource('a.jsonl', `${lines.join('\n')}\n\n`);

test('of a file with more rows so many are drawn by the seed, in the file’s order', async () => {
  const read = async (seed: number, count = 10) => {
    const records = await openRecords([source(), source(rows.slice(0, 5))], { mostRows: { count, seed } });
    const queries: string[] = [];
    for (let row = 0; row < records.length; row++) queries.push((await records.read(row)).query);
    await records.close();
    return { queries, fingerprint: records.fingerprint, read: records.summary.rows };
  };
  const { queries, fingerprint, read: count } = await read(1);
  expect([queries.length, count]).toEqual([15, 15]);
  const numbers = queries.slice(0, 10).map((query) => Number(query.slice(1)));
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  expect(queries.slice(10)).toEqual(['q0', 'q1', 'q2', 'q3', 'q4']);
  expect(await read(1)).toMatchObject({ queries, fingerprint });
  const other = await read(2);
  expect(other.queries).not.toEqual(queries);
  expect(other.fingerprint).not.toBe(fingerprint);
  expect((await read(1, 40)).queries).toHaveLength(45);
});

test('every row is as likely as the others', async () => {
  const times = new Array<number>(41).fill(0);
  for (let seed = 0; seed < 200; seed++)
    for (const line of (await chosenLines(source(), 0, { count: 10, seed }))!) times[line]!++;
  // 200 draws of a quarter: 50 on average, with a deviation of 6.
  for (const count of times.slice(1)) expect(Math.abs(count - 50)).toBeLessThan(31);
});

test('rows that are not drawn are not looked at; a count below 1 is refused', async () => {
  const odd = [...rows.slice(0, 20), '{"query": 3}'];
  const draw = (seed: number) => openRecords([source(odd)], { mostRows: { count: 10, seed } });
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, (_, seed) => draw(seed)));
  const read = outcomes.filter(({ status }) => status === 'fulfilled').length;
  expect(read).toBeGreaterThan(0);
  expect(read).toBeLessThan(8);
  await expect(chosenLines(source(), 0, { count: 0, seed: 1 })).rejects.toThrow(
    'mostRows: expected an integer from 1, got 0',
  );
});
