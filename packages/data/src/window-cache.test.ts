import { expect, test } from 'vitest';
import { windowCache } from './window-cache.js';

test('keeps the windows used last', async () => {
  const loads: number[] = [];
  const get = windowCache(2, async (n) => {
    loads.push(n);
    return n * 10;
  });
  for (const n of [1, 2, 1, 3, 1, 2]) expect(await get(n)).toBe(n * 10);
  expect(loads).toEqual([1, 2, 3, 2]);
});

test('a limit below one still keeps one; a load under way is shared; a failed one is tried again', async () => {
  let loads = 0;
  const get = windowCache(0, async () => {
    if (++loads === 1) throw new Error('first');
    return loads;
  });
  await expect(get(5)).rejects.toThrow('first');
  expect(await Promise.all([get(5), get(5)])).toEqual([2, 2]);
  expect(await get(5)).toBe(2);
});
