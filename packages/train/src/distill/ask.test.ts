import { expect, test } from 'vitest';
import { stillClock } from '../testing/teacher-server.js';
import { type AskOptions, ask } from './ask.js';
import { costMeter } from './cost-meter.js';
import { EndpointError } from './endpoint-error.js';
import type { Teacher, Verdict } from './teacher.js';

const usage = { promptTokens: 10, completionTokens: 1 };
const most = { promptTokens: 100, completionTokens: 10 };
const none = { promptTokens: 0, completionTokens: 0 };
const { signal } = new AbortController();
const pair = { query: 'q', content: 'c' };

type Reply = Verdict | EndpointError | Error;
const busy = (facts: ConstructorParameters<typeof EndpointError>[2] = {}) =>
  new EndpointError('no answer', 'busy', facts);

/** A teacher that gives these replies, the last one for ever. */
function scripted(...replies: Reply[]) {
  let asked = 0;
  const teacher: Teacher = {
    identity: {},
    batchSize: 1,
    concurrency: 1,
    readsAnswers: false,
    mostTokens: () => most,
    judge: async () => {
      const reply = replies[Math.min(asked++, replies.length - 1)]!;
      if (reply instanceof Error) throw reply;
      return [reply];
    },
  };
  const { clock, waits } = stillClock();
  return {
    waits,
    asked: () => asked,
    ask: (options: Partial<AskOptions> = {}) => ask(teacher, [pair], signal, { clock, ...options }),
  };
}

test('waits twice as long each time, and as long as it is asked to', async () => {
  const t = scripted(busy(), busy({ retryAfter: 30_000 }), busy({ retryAfter: 1 }), { score: 0.5, usage });
  expect(await t.ask()).toEqual({ verdicts: [{ score: 0.5, usage }], lost: none });
  expect(t.waits).toEqual([1_000, 30_000, 4_000]);
});

test('gives up after its attempts, and at once where it would wait too long', async () => {
  const t = scripted(busy({ isBilled: true }));
  await expect(t.ask({ busyAttempts: 3 })).rejects.toMatchObject({
    message: 'no answer — asked 3 times; the same command goes on later',
    lost: { promptTokens: 300, completionTokens: 30 },
  });
  expect(t.asked()).toBe(3);
  const patient = scripted(busy({ retryAfter: 700_000 }));
  await expect(patient.ask()).rejects.toThrow('no answer');
  expect(patient.waits).toEqual([]);
});

test('an answer that cannot be read is asked for again, then it is a fault and never a score', async () => {
  const fault: Verdict = { fault: 'expected yes', usage };
  const t = scripted(fault);
  expect(await t.ask()).toEqual({
    verdicts: [fault],
    lost: { promptTokens: 20, completionTokens: 2 },
  });
  expect(t.asked()).toBe(3);
  expect(await scripted(fault, { score: 1 }).ask()).toMatchObject({ verdicts: [{ score: 1 }] });
  const final = scripted({ ...fault, isFinal: true });
  await final.ask();
  expect(final.asked()).toBe(1);
});

test('what is refused about a pair is its fault; what is refused at all ends the run', async () => {
  expect(await scripted(new EndpointError('too long', 'pair')).ask()).toEqual({
    verdicts: [{ fault: 'too long', isFinal: true }],
    lost: none,
  });
  await expect(scripted(new EndpointError('no', 'fatal', { status: 401 })).ask()).rejects.toThrow(
    'no — give the key by --api_key_env',
  );
  await expect(scripted(new EndpointError('no', 'fatal', { status: 404 })).ask()).rejects.toThrow(
    '--teacher_model',
  );
  await expect(scripted(new TypeError('ours')).ask()).rejects.toThrow('ours');
});

test('every attempt is paid for: the limit holds over repetitions, and all that may have been charged counts', async () => {
  const prices = { promptPrice: 1e6, completionPrice: 0 };
  const meter = costMeter({ ...prices, maxCost: 250 });
  const t = scripted(busy({ isBilled: true }));
  expect(await t.ask({ meter })).toEqual({
    verdicts: 'unpaid',
    lost: { promptTokens: 200, completionTokens: 20 },
  });
  expect([t.asked(), meter.spent]).toEqual([2, 200]);
  const free = costMeter({ ...prices, maxCost: 250 });
  await scripted(busy(), { score: 1, usage }).ask({ meter: free });
  expect(free.spent).toBe(10);
});

test('a limit needs answers that say what they cost', async () => {
  const limits = { promptPrice: 1, completionPrice: 1 };
  const t = scripted({ score: 1 });
  await expect(t.ask({ meter: costMeter({ ...limits, maxCost: 1 }) })).rejects.toThrow(
    'the endpoint: expected "usage" in its answer, got none',
  );
  expect(await t.ask({ meter: costMeter(limits) })).toMatchObject({ verdicts: [{ score: 1 }] });
});
