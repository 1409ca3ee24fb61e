import { readFileSync, writeFileSync } from 'node:fs';

/** The rows of a JSONL file that is known to be good. */
export const readRows = <Row>(path: string): Row[] =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);

export function writeRows(path: string, rows: Iterable<unknown>): void {
  writeFileSync(path, [...rows].map((row) => `${JSON.stringify(row)}\n`).join(''));
}
