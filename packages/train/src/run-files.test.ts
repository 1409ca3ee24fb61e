import { bytesSource } from '@rag/data';
import { expect, test } from 'vitest';
import { openSources } from './run-files.js';

test('opens in order, and leaves nothing open where one is missing', async () => {
  const closed: string[] = [];
  const openData = async (path: string) => {
    if (path === 'none') throw new Error('none: expected a file');
    return { ...bytesSource(path, ''), close: async () => void closed.push(path) };
  };
  expect((await openSources({ openData }, ['b', 'a'])).map(({ name }) => name)).toEqual(['b', 'a']);
  await expect(openSources({ openData }, ['b', 'a', 'none', 'c'])).rejects.toThrow('none: expected a file');
  expect(closed).toEqual(['b', 'a']);
});
