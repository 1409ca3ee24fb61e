import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { countProgress } from './count-progress.js';

function shown(isTTY: boolean): string[] {
  const chunks: string[] = [];
  const stream = new PassThrough().on('data', (chunk: Buffer) => void chunks.push(chunk.toString()));
  let time = 0;
  const progress = countProgress(Object.assign(stream, { isTTY }), 'documents', () => time);
  for (; time <= 500; time += 100) progress.update(time * 40);
  progress.end();
  progress.end();
  return chunks;
}

test('a terminal has one line, drawn over and taken away; elsewhere nothing is written', () => {
  expect(shown(true)).toEqual([
    '\r\u001b[K8,000 documents · 40.0k/s',
    '\r\u001b[K16,000 documents · 40.0k/s',
    '\r\u001b[K',
  ]);
  expect(shown(false)).toEqual([]);
});
