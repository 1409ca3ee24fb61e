import { NotFiniteError } from '@rag/runtime';
import { expect, test } from 'vitest';
import type { StepEvent } from '../trainer.js';
import { CollapseError } from './collapse-error.js';
import { collapseGuard, type OnCollapse } from './collapse-guard.js';

const chance = { loss: Math.LN2, name: 'ln 2' };

function guarded(onCollapse: OnCollapse) {
  const told: string[] = [];
  const guard = collapseGuard({ onCollapse, chance, warmup: 0, tell: (_, line) => void told.push(line) });
  const look = (from: number, to: number): void => {
    for (let update = from; update <= to; update++)
      guard.look({ update, loss: Math.LN2, learningRate: 1e-3, gradientNorm: 1 } as StepEvent);
  };
  return { told, guard, look };
}

test('a collapse is told, and the run goes on', () => {
  const { told, look } = guarded('tell');
  look(1, 200);
  expect(told).toEqual([
    expect.stringMatching(/^collapse: update \d+: expected a loss below 0\.6931 \(ln 2/),
  ]);
});

test.each(['stop', 'rollback'] as const)('with %s it ends what is running, with its alarm', (onCollapse) => {
  const { told, guard, look } = guarded(onCollapse);
  let error: unknown;
  try {
    look(1, 200);
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(CollapseError);
  expect(guard.alarmOf(error, 999)).toMatchObject({ code: 'plateau' });
  expect(told).toHaveLength(1);
  guard.restart();
  expect(() => look(1, 20)).not.toThrow();
});

test('a session’s gradients that are none are an alarm of their own; other errors are not', () => {
  const { told, guard } = guarded('rollback');
  const error = new NotFiniteError('update', 'expected finite gradients, got a norm of NaN — lower the rate');
  expect(guard.alarmOf(error, 7)).toEqual({
    ...{ code: 'not-finite', update: 7, since: 6, advice: 'lower the rate' },
    problem: 'expected finite gradients, got a norm of NaN',
  });
  expect(told).toEqual(['collapse: update 7: expected finite gradients, got a norm of NaN — lower the rate']);
  expect(guard.alarmOf(new Error('disk full'), 7)).toBeUndefined();
});

test('a guard that is off sees nothing', () => {
  const { told, guard, look } = guarded('off');
  look(1, 200);
  expect(guard.alarmOf(new NotFiniteError('update', 'x'), 1)).toBeUndefined();
  expect(told).toEqual([]);
});
