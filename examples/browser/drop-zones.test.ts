import { expect, it } from 'vitest';
import { isRows } from './drop-zones.js';

const picked = (...names: string[]) => ({
  name: names.join(', '),
  files: new Map(names.map((name) => [name, new Blob()])),
});

it('takes one JSONL file as rows wherever it falls, any one file in their zone, the rest as a model', () => {
  expect(isRows(picked('a.jsonl'), false)).toBe(true);
  expect(isRows(picked('a.txt'), true)).toBe(true);
  expect(isRows(picked('config.json'), false)).toBe(false);
  expect(isRows(picked('config.json', 'model.safetensors'), false)).toBe(false);
  expect(() => isRows(picked('a.jsonl', 'b.jsonl'), true)).toThrow(
    'rows: expected one JSONL file, got a.jsonl, b.jsonl (2 files) — drop it alone',
  );
});
