import { bytesSource } from '@rag/data';
import { expect, test } from 'vitest';
import { crashingDisk } from '../testing/crashing-disk.js';
import { writeScores } from './write-scores.js';

test('input that changed since it was scored', async () => {
  const disk = crashingDisk(() => 0);
  const job = {
    sources: [bytesSource('in.jsonl', '{"query":"q","pos":["a"]}\n')],
    teacher: { identity: {}, readsAnswers: false },
    cache: { get: () => undefined },
    pairs: disk.open(),
  };
  await expect(writeScores(job)).rejects.toThrow(
    'in.jsonl:1: expected the rows that were scored, got a passage without a score, number 1 — run the same command again',
  );
  expect(disk.finished).toBeUndefined();
  expect(await writeScores({ ...job, leaveOut: true })).toBe(1);
});

test('many rows, written piece by piece', async () => {
  const disk = crashingDisk(() => 0);
  const content = 'x'.repeat(1_000);
  const rows = Array.from({ length: 2_500 }, (_, i) => JSON.stringify({ query: `${i}`, content }));
  await writeScores({
    sources: [bytesSource('in.jsonl', rows.join('\n'))],
    teacher: { identity: {}, readsAnswers: false },
    cache: { get: () => ({ score: 0.125 }) },
    pairs: disk.open(),
  });
  const lines = new TextDecoder().decode(disk.finished).split('\n');
  expect(lines).toHaveLength(2_501);
  expect(JSON.parse(lines[2_499]!)).toEqual({ query: '2499', content, score: 0.125 });
});
