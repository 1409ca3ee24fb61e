import { expect, test } from 'vitest';
import type { StepEvent } from '../trainer.js';
import { stepLog } from './step-log.js';

test('the log has a line per interval, with the mean of its updates, and one for the rest', () => {
  const log = stepLog(2);
  for (const [i, loss] of [4, 2, 5].entries())
    log.add({
      ...({ epoch: 0, learningRate: i, gradientNorm: 9 } as StepEvent),
      ...{ update: i + 1, totalUpdates: 3, loss },
    });
  expect(log.entries).toEqual([
    { epoch: 0, update: 2, loss: 3, learningRate: 1, gradientNorm: 9 },
    { epoch: 0, update: 3, loss: 5, learningRate: 2, gradientNorm: 9 },
  ]);
});

test('skipped updates are counted and stay out of the mean', () => {
  const log = stepLog(3);
  for (const [i, loss] of [4, Number.NaN, 2].entries())
    log.add({
      ...({ epoch: 0, learningRate: 1, gradientNorm: 9, lossScale: 2 ** (16 - i) } as StepEvent),
      ...{ update: i + 1, totalUpdates: 3, loss, ...(Number.isNaN(loss) && { skipped: true as const }) },
    });
  expect(log.entries).toEqual([
    { epoch: 0, update: 3, loss: 3, learningRate: 1, gradientNorm: 9, skipped: 1, lossScale: 16384 },
  ]);
});

test('goes on in the middle of a line', () => {
  const event = (update: number) => ({
    ...({ epoch: 0, learningRate: 1, gradientNorm: 9, totalUpdates: 7 } as StepEvent),
    ...{ update, loss: 1 / update, ...(update === 4 && { skipped: true as const }) },
  });
  const whole = stepLog(3);
  for (let update = 1; update <= 7; update++) whole.add(event(update));
  for (let cut = 0; cut <= 7; cut++) {
    const first = stepLog(3);
    for (let update = 1; update <= cut; update++) first.add(event(update));
    const rest = stepLog(3, JSON.parse(JSON.stringify(first.state())));
    for (let update = cut + 1; update <= 7; update++) rest.add(event(update));
    expect(rest.entries).toEqual(whole.entries);
  }
});
