import { expect, test } from 'vitest';
import { InterruptedError, interruptedCode, interruptible, interruptionOf } from './interrupt.js';

const counts = () => [process.listenerCount('SIGINT'), process.listenerCount('SIGTERM')];

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s aborts, once, and nothing listens afterwards', async (name, code) => {
  const before = counts();
  const stopped = interruptible('stopped', async (signal) => {
    expect(counts()).toEqual(before.map((count) => count + 1));
    process.emit(name);
    // The second one, whichever, is the system's.
    expect(counts()).toEqual(before);
    signal.throwIfAborted();
  });
  const error = await stopped.catch((caught: unknown) => caught);
  expect(error).toEqual(new InterruptedError('stopped', name));
  expect(interruptedCode(error as InterruptedError)).toBe(code);
  expect(await interruptible('stopped', async (signal) => signal.aborted)).toBe(false);
  expect(counts()).toEqual(before);
});

test('an error that an interruption caused', () => {
  const cause = new InterruptedError('c');
  const deep = new Error('a', { cause: new Error('b', { cause }) });
  expect([deep, new Error('d'), 'e'].map(interruptionOf)).toEqual([cause, undefined, undefined]);
});
