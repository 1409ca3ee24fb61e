import { expect, test } from 'vitest';
import { exclusive } from './exclusive.js';

test('one call at a time, none after the end; a call that failed is over', async () => {
  const calls = exclusive();
  let finish = (): void => {};
  const first = calls.alone('a', () => new Promise<void>((resolve) => (finish = resolve)));
  await expect(calls.alone('b', async () => {})).rejects.toThrow('b: expected one call at a time');
  expect(() => calls.checkIdle('c')).toThrow('c: expected one call at a time');
  calls.check('d');
  finish();
  await first;
  await expect(calls.alone('e', () => Promise.reject(new Error('fault')))).rejects.toThrow('fault');
  expect(await calls.alone('f', async () => 7)).toBe(7);
  expect([calls.end(), calls.end()]).toEqual([true, false]);
  await expect(calls.alone('g', async () => {})).rejects.toThrow('g: expected a live training session');
  expect(() => calls.check('h')).toThrow('h: expected a live training session');
});
