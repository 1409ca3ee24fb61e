import { bytesSource } from '@rag/data';
import { expect, test } from 'vitest';
import { rowParser } from '../encode/input-row.js';
import { memoryFiles } from '../testing/memory-files.js';
import type { MiningRow } from './mining-row.js';
import { gatherPassages } from './passage-pool.js';

const row = (query: string, pos: string[], neg: string[] = []): MiningRow => ({
  text: '',
  query,
  prompted: query,
  pos,
  neg,
});
const source = (rows: readonly MiningRow[]) => [
  bytesSource(
    'rows.jsonl',
    rows.map(({ query, pos, neg }) => `${JSON.stringify({ query, pos, neg })}\n`).join(''),
  ),
];

test('each text once, by its first spelling; positives that a corpus lacks stand behind its passages', async () => {
  const rows = [row('q', ['a', 'B'], ['c']), row('Q ', ['d']), row('b', ['a'])];
  const own = await gatherPassages({ rows: source(rows), files: memoryFiles() });
  expect([own.candidates, own.passages, own.repeated, own.rows]).toEqual([4, 4, 1, 3]);
  expect(await Promise.all([0, 1, 2, 3].map(own.read))).toEqual(['a', 'B', 'c', 'd']);
  expect(own.positivesOf(rows[0]!)).toEqual([0, 1]);
  expect([...own.excludedOf(rows[0]!)]).toEqual([0, 1, 3]);
  expect([...own.excludedOf(rows[2]!)]).toEqual([0, 1]);

  const corpus = {
    sources: [bytesSource('corpus.txt', '月亮\n b\nＢ\n\u3000x\n')],
    parse: rowParser({ kind: 'text' }),
  };
  const other = await gatherPassages({ rows: source(rows), corpus, files: memoryFiles() });
  expect([other.candidates, other.passages, other.repeated]).toEqual([3, 5, 1]);
  expect(await Promise.all([0, 1, 2, 3, 4].map(other.read))).toEqual(['月亮', ' b', '\u3000x', 'a', 'd']);
  expect(other.positivesOf(rows[0]!)).toEqual([3, 1]);
  expect(other.passagesHash).not.toBe(own.passagesHash);
  expect(other.rowsHash).toBe(own.rowsHash);
});

test('a fault leaves no file', async () => {
  const files = memoryFiles();
  const rows = [bytesSource('rows.jsonl', '{"query":"q","pos":["a"]}\n{"query":"q"}\n')];
  await expect(gatherPassages({ rows, files })).rejects.toThrow('rows.jsonl:2');
  expect(files.names()).toEqual([]);
});
