import { expect, it } from 'vitest';
import { noProperties } from '../artifacts/checkpoint.js';
import {
  initialLossScale,
  type LossScale,
  lossScaleOf,
  lossScaleProperties,
  lossScaler,
  MOST_SKIPPED,
  scaleAfterOverflow,
  scaleAfterUpdate,
} from './loss-scale.js';

it('starts, halves and doubles as GradScaler does', () => {
  let state = initialLossScale();
  expect(state.scale).toBe(65536);
  state = scaleAfterOverflow(state, { loss: 1, weight: 3 });
  expect(state).toEqual({ scale: 32768, weight: 4, applied: 0, skipped: 1, skippedInARow: 1 });
  for (let i = 0; i < 1999; i++) state = scaleAfterUpdate(state, 8);
  expect(state).toEqual({ scale: 32768, weight: 8, applied: 1999, skipped: 1, skippedInARow: 0 });
  state = scaleAfterUpdate(state, 8);
  expect(state).toMatchObject({ scale: 65536, applied: 0 });
  // An overflow begins the count anew.
  state = scaleAfterOverflow(scaleAfterUpdate(state, 1), { loss: 1, weight: 1 });
  expect(state).toMatchObject({ scale: 32768, applied: 0, skipped: 2 });
});

it('never grows beyond what float32 holds', () => {
  const state = { ...initialLossScale(), scale: 2 ** 127 };
  expect(scaleAfterUpdate(state, 1, { growthInterval: 1 }).scale).toBe(2 ** 127);
});

it('gives up where no scale helps', () => {
  let state = initialLossScale();
  for (let i = 1; i < MOST_SKIPPED; i++) state = scaleAfterOverflow(state, { loss: Number.NaN, weight: 1 });
  expect(state.scale).toBeLessThan(1);
  expect(() => scaleAfterOverflow(state, { loss: Number.NaN, weight: 1 })).toThrow(
    /20 updates in a row without, the last at a loss scale of 0\.125 and a loss of NaN — train in bf16 or fp32/,
  );
  // A large scale may still be the reason.
  let large = initialLossScale({ initial: 2 ** 40 });
  for (let i = 0; i < 40; i++) large = scaleAfterOverflow(large, { loss: 1, weight: 1 });
  expect(large).toMatchObject({ scale: 1, skipped: 40 });
});

it('lies in a checkpoint’s properties', () => {
  const state = { scale: 1024, weight: 16, applied: 7, skipped: 3, skippedInARow: 0 };
  expect(lossScaleOf(lossScaleProperties(state))).toEqual(state);
  expect(lossScaleProperties(undefined)).toEqual(noProperties());
  expect(lossScaleOf(noProperties())).toBeUndefined();
  const wrong = (scale: number, count: bigint) => () =>
    lossScaleOf({
      ...noProperties(),
      floats: new Map([['loss_scale', scale]]),
      ints: new Map([['loss_scale_skipped', count]]),
    });
  expect(wrong(0, 0n)).toThrow(/"loss_scale": expected a number > 0, got 0|expected a number > 0, got 0/);
  expect(wrong(1, -1n)).toThrow(/expected a count, got -1/);
});

it('refuses settings that are none', () => {
  expect(() => initialLossScale({ initial: 0 })).toThrow(/an initial scale > 0, got 0/);
  expect(() => initialLossScale({ growth: 1, backoff: 1 })).toThrow(
    /growth > 1, got 1, backoff in \(0, 1\), got 1/,
  );
});

it('scales a sum as a mean would be', () => {
  const state: { lossScale?: LossScale } = {};
  const scaler = lossScaler(state, { initial: 1024 });
  expect(scaler.factor).toBe(1024);
  expect(scaler.applied(24)).toEqual({ lossScale: 1024 });
  expect(scaler.factor).toBe(1024 / 32);
  expect(scaler.skipped(1, 0.5)).toEqual({ skipped: true, lossScale: 512 });
  expect(scaler.factor).toBe(512 / 0.5);
  const { factor } = lossScaler({ ...state }, {});
  expect(factor).toBe(scaler.factor);
  // Another precision: nothing is scaled, and the state forgets.
  const plain = lossScaler(state, undefined);
  expect([plain.factor, plain.applied(3), plain.skipped(1, 3), state.lossScale]).toEqual([
    ...[1, {}, undefined],
    undefined,
  ]);
});
