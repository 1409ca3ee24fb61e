import { expect, test } from 'vitest';
import { InterruptedError, interruptible, isInterruption } from './interrupt.js';

test('SIGINT aborts, once, and nothing listens afterwards', async () => {
  const before = process.listenerCount('SIGINT');
  const stopped = interruptible('stopped', async (signal) => {
    expect(process.listenerCount('SIGINT')).toBe(before + 1);
    process.emit('SIGINT');
    // The second one is the system's.
    expect(process.listenerCount('SIGINT')).toBe(before);
    signal.throwIfAborted();
  });
  await expect(stopped).rejects.toThrow(new InterruptedError('stopped'));
  expect(await interruptible('stopped', async (signal) => signal.aborted)).toBe(false);
  expect(process.listenerCount('SIGINT')).toBe(before);
});

test('an error that an interruption caused', () => {
  const deep = new Error('a', { cause: new Error('b', { cause: new InterruptedError('c') }) });
  expect([deep, new Error('d'), 'e'].map(isInterruption)).toEqual([true, false, false]);
});
