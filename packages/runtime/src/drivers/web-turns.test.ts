import { expect, test } from 'vitest';
import { SessionError } from '../error.js';
import { turns } from './web-turns.js';

test('makes calls one after the other, also after one that failed', async () => {
  const queue = turns();
  const events: string[] = [];
  const call = (name: string, fails = false) =>
    queue.take(async () => {
      events.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve));
      events.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    });
  const results = await Promise.allSettled([call('a'), call('b', true), call('c')]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(events).toEqual(['a', 'b', 'c'].flatMap((name) => [`${name} begins`, `${name} ends`]));
});

test('fails what runs, waits and comes once it has ended', async () => {
  const queue = turns();
  let begun = false;
  const running = queue.take(() => new Promise(() => {}));
  const waiting = queue.take(async () => {
    begun = true;
  });
  const lost = new SessionError('here', 'lost');
  queue.end(lost);
  queue.end(new SessionError('here', 'again'));
  await expect(running).rejects.toBe(lost);
  await expect(waiting).rejects.toBe(lost);
  await expect(queue.take(async () => 1)).rejects.toBe(lost);
  expect(begun).toBe(false);
});
