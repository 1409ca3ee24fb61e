import { expect, test } from 'vitest';
import { formatOfName } from './vector-codec.js';

test.each([
  ['a/b.npy', 'npy'],
  ['B.JSONL', 'jsonl'],
  ['x.y.safetensors', 'safetensors'],
  ['v.ragvec', 'ragvec'],
  ['v.bin', undefined],
  ['npy', undefined],
])('%s is %s', (name, format) => {
  expect(formatOfName(name)).toBe(format);
});
