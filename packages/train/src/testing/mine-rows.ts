import { bytesSource } from '@rag/data';
import { type MineJob, mineNegatives } from '../mine/mine-negatives.js';
import type { MineReport } from '../mine/mine-report.js';
import { type MemoryFiles, memoryFiles } from './memory-files.js';
import { wordRetriever } from './word-vectors.js';

/** A row of the tests. */
export interface Row {
  query: string;
  pos: string[];
  neg?: string[];
  prompt_for_query?: string;
  pos_scores?: number[];
  neg_scores?: number[];
}

/** Rows that a test mines. */
export const rows: Row[] = Array.from({ length: 23 }, (_, i) => ({
  query: `query ${i}`,
  pos: [`right ${i}`, ...(i % 3 === 0 ? [`also right ${i}`] : [])],
  neg: [`wrong ${i} a`, `wrong ${i} b`, `right ${(i + 1) % 23}`],
}));
/** Every passage of them, once. */
export const passages = [...new Set(rows.flatMap(({ pos, neg = [] }) => [...pos, ...neg]))];
export const jsonl = (list: readonly unknown[]) => `${list.map((row) => JSON.stringify(row)).join('\n')}\n`;

export interface Mined {
  readonly report: MineReport;
  readonly found: Row[];
  readonly files: MemoryFiles;
}

/** Mines negatives for rows in memory. */
export async function mine(
  more: Partial<MineJob> & { readonly input?: readonly unknown[] } = {},
): Promise<Mined> {
  const { input = rows, ...options } = more;
  const files = (options.files as MemoryFiles | undefined) ?? memoryFiles();
  const report = await mineNegatives({
    rows: [bytesSource('rows.jsonl', jsonl(input))],
    retriever: wordRetriever().retriever,
    range: { from: 2, to: 12 },
    rules: { negatives: 4 },
    files,
    settings: { retriever: { model: 'a' } },
    windowRows: { search: 5, choose: 3 },
    commitMilliseconds: 0,
    ...options,
    file: await files.create('out.jsonl'),
  });
  const text = files.textOf('out.jsonl')!.trimEnd();
  return { report, files, found: text === '' ? [] : text.split('\n').map((line) => JSON.parse(line)) };
}

/** A guard that knows what a text says: a passage with "b" at its end is as right as a positive. */
export const guardOf = (asked: string[] = []) => ({
  score: async (pairs: readonly { query: string; passage: string }[]) => {
    asked.push(...pairs.map(({ query, passage }) => `${query}|${passage}`));
    return pairs.map(({ passage }) => (passage.includes('right') ? 3 : passage.endsWith('b') ? 2.5 : -1));
  },
});
