import { expect, test } from 'vitest';
import { systemClock } from './clock.js';

test('waits, and is stopped', async () => {
  const stop = new AbortController();
  await systemClock.wait(0, stop.signal);
  const long = systemClock.wait(1e9, stop.signal);
  stop.abort(new Error('enough'));
  await expect(long).rejects.toThrow('enough');
  await expect(systemClock.wait(0, stop.signal)).rejects.toThrow('enough');
  expect(systemClock.deadline(1e9).aborted).toBe(false);
});
