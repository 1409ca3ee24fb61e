import { createHash } from 'node:crypto';
import { bytesSource } from '@rag/data';
import { expect, test } from 'vitest';
import { rowParser } from '../encode/input-row.js';
import { digestTexts } from './texts-digest.js';

const digest = (...files: string[]) =>
  digestTexts(
    files.map((text) => bytesSource('in', text)),
    rowParser({ kind: 'jsonl' }),
  );

test('the texts with their prompts, however the rows are spelled and divided among files', async () => {
  const sha256 = createHash('sha256').update('"p: a"\n"月"\n').digest('hex');
  expect(await digest('{"query":"a","prompt_for_query":"p: "}\n{"text":"\\u6708"}\n')).toEqual({
    rows: 2,
    sha256,
  });
  expect(await digest('{"text":"p: a"}', '{"query":"月"}')).toEqual({ rows: 2, sha256 });
  expect((await digest('{"text":"月"}', '{"text":"p: a"}')).sha256).not.toBe(sha256);
  await expect(digest('{"text":"a"}\n{}')).rejects.toThrow('in:2');
});
