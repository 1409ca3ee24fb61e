import { describe, expect, test } from 'vitest';
import { type Alarm, formatAlarm } from './alarm.js';
import { type SeenUpdate, sentinel } from './sentinel.js';

const chance = { loss: Math.LN2, name: 'ln 2' };

/** A sound run: the loss falls with noise, gradients shrink with it. */
const soundUpdate = (update: number): SeenUpdate => ({
  update,
  loss: 0.6 * Math.exp(-update / 400) + 0.03 * Math.sin(update * 7.3),
  learningRate: 2e-5,
  gradientNorm: 1 + 0.5 * Math.sin(update * 3.1),
  scoreSpread: 0.5,
});

function watch(updates: number, seenAt: (update: number) => SeenUpdate, options = {}) {
  const watching = sentinel({ chance, warmup: 10, window: 20, ...options });
  const alarms: Alarm[] = [];
  for (let update = 1; update <= updates; update++) {
    const alarm = watching.look(seenAt(update));
    if (alarm) alarms.push(alarm);
  }
  return alarms;
}

test('a run that learns raises nothing, nor one that has learned everything', () => {
  expect(watch(600, soundUpdate)).toEqual([]);
  const learned = (update: number): SeenUpdate => ({
    ...soundUpdate(update),
    ...(update > 100 && { loss: 1e-5, gradientNorm: 1e-8 }),
  });
  expect(watch(400, learned)).toEqual([]);
});

test('single wild updates raise nothing', () => {
  const wild = (update: number): SeenUpdate => ({
    ...soundUpdate(update),
    ...(update % 17 === 0 && { loss: 40, gradientNorm: 900 }),
  });
  expect(watch(400, wild)).toEqual([]);
});

describe.each([
  ['not-finite', { loss: Number.NaN }, 'expected finite numbers, got a loss of NaN'],
  ['not-finite', { gradientNorm: Number.POSITIVE_INFINITY }, 'a gradient norm of Infinity'],
  ['spike', { loss: 5, gradientNorm: 3 }, 'expected a loss near 0.'],
  ['spike', { gradientNorm: 500 }, 'expected gradients of a norm near'],
  [
    'plateau',
    { loss: 0.6935 },
    'expected a loss below 0.6931 (ln 2: one score for everything), got 0.6935 for 20 updates at a rate of 2.0e-5',
  ],
  [
    'constant-scores',
    { scoreSpread: 1e-6 },
    'expected scores that differ, got a spread of 1.0e-6 for 20 updates',
  ],
  ['vanishing-gradient', { gradientNorm: 1e-9 }, 'got 1.0e-9 for 20 updates at a loss of'],
] as const)('%s', (code, trouble, message) => {
  const troubled = (update: number): SeenUpdate => ({ ...soundUpdate(update), ...(update > 150 && trouble) });

  test(`${JSON.stringify(trouble)} is told with what is likely wrong, within the window`, () => {
    const [alarm] = watch(200, troubled);
    expect(alarm).toMatchObject({ code });
    expect(alarm!.update).toBeGreaterThan(150);
    expect(alarm!.update).toBeLessThanOrEqual(170);
    expect(alarm!.since).toBeLessThanOrEqual(151);
    expect(formatAlarm(alarm!)).toContain(message);
    expect(formatAlarm(alarm!)).toMatch(/^update \d+: expected .* — .*/);
  });
});

test('an alarm that lasts is raised once, and again after it was over', () => {
  const twice = (update: number): SeenUpdate => ({
    ...soundUpdate(update),
    ...(((update > 100 && update <= 160) || update > 250) && { loss: 0.6932 }),
  });
  expect(watch(300, twice).map(({ code }) => code)).toEqual(['plateau', 'plateau']);
});

test('warm-up is no plateau; losses without a level of chance have none', () => {
  const flat = (update: number): SeenUpdate => ({ ...soundUpdate(update), loss: 0.6932 });
  expect(watch(100, flat, { warmup: 100 })).toEqual([]);
  const watching = sentinel({ warmup: 0, window: 20 });
  expect(Array.from({ length: 100 }, (_, i) => watching.look(flat(i + 1)))).toEqual(
    new Array(100).fill(undefined),
  );
});

test('updates that fp16 left out are not looked at', () => {
  const skipped = (update: number): SeenUpdate => ({
    ...soundUpdate(update),
    ...(update % 2 === 0 && {
      skipped: true as const,
      loss: Number.NaN,
      gradientNorm: Number.POSITIVE_INFINITY,
    }),
  });
  expect(watch(300, skipped)).toEqual([]);
});

test('a run that went back is looked at afresh', () => {
  const watching = sentinel({ chance, warmup: 0, window: 5 });
  const look = (from: number, to: number, loss: number) =>
    Array.from({ length: to - from }, (_, i) => watching.look({ ...soundUpdate(from + i), loss })).filter(
      Boolean,
    );
  look(1, 30, 0.5);
  expect(look(30, 50, Math.LN2)).toHaveLength(1);
  watching.restart();
  expect(look(30, 34, Math.LN2)).toEqual([]);
  expect(look(34, 50, Math.LN2)).toHaveLength(1);
});
