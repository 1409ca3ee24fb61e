import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { encodeProgress, formatEncode } from './encode-progress.js';

const event = { rows: 12_288, rowsHere: 8192, share: 0.5, shareHere: 0.25 };

test('a line says rows, share, rate and time left', () => {
  expect(formatEncode(event, 10)).toBe('12,288 rows · 50 % · 819 rows/s · 20s left');
  expect(formatEncode({ ...event, rowsHere: 3 }, 10)).toBe('12,288 rows · 50 % · 0.3 rows/s · 20s left');
  expect(formatEncode({ ...event, shareHere: 0 }, 10)).toContain('? left');
});

function shown(isTTY: boolean) {
  const chunks: string[] = [];
  const stream = new PassThrough().on('data', (chunk: Buffer) => void chunks.push(chunk.toString()));
  let time = 0;
  const progress = encodeProgress(Object.assign(stream, { isTTY }), () => time);
  for (; time <= 60_000; time += 100) progress.update(event);
  progress.say('done');
  progress.end();
  return chunks;
}

test('a terminal has one line, drawn over and taken away; a log a line every half minute', () => {
  const drawn = shown(true);
  expect(drawn.slice(-2)).toEqual(['\r\u001b[K', 'done\n']);
  expect(drawn.slice(0, -2).every((text) => text.startsWith('\r\u001b[K12,288 rows'))).toBe(true);
  expect(drawn.length).toBeGreaterThan(200);
  const logged = shown(false);
  expect(logged).toEqual([
    '12,288 rows · 50 % · 273 rows/s · 1m00s left\n',
    '12,288 rows · 50 % · 137 rows/s · 2m00s left\n',
    'done\n',
  ]);
});
