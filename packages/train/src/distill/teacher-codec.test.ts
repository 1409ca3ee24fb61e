import { expect, test } from 'vitest';
import { teacherCodec, teacherFormatOf } from './teacher-codec.js';

test('a memmap is its elements and nothing else', async () => {
  const codec = await teacherCodec('memmap', 2);
  expect(codec.header(3)).toHaveLength(0);
  const bytes = await codec.encode([{ text: 'a' }, { text: 'b' }], Float32Array.of(1, 2, 3, 4));
  expect(bytes).toEqual(new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer));
  expect((await teacherCodec('npy', 2)).header(3).length).toBeGreaterThan(0);
});

test('names', () => {
  expect(['a.npy', 'b.RAGVEC', 'c.memmap', 'd.bin', 'npy'].map(teacherFormatOf)).toEqual([
    ...['npy', 'ragvec', 'memmap', 'memmap', 'memmap'],
  ]);
});
