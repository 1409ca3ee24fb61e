import { expect, test } from 'vitest';
import type { Alarm } from '../sentinel/alarm.js';
import { CollapseError } from '../sentinel/collapse-error.js';
import { soundCheckpoint } from './go-back.js';

const alarm = (since: number): Alarm => ({
  ...{ code: 'plateau', update: since + 20, since, problem: 'expected a, got b', advice: 'do c' },
});

test('without a checkpoint from before the trouble a run cannot go back', async () => {
  const checkpoints = { folder: 'out', kept: [], drop: async () => {} };
  const back = soundCheckpoint({} as never, checkpoints, alarm(7));
  await expect(back).rejects.toThrow(CollapseError);
  await expect(back).rejects.toThrow(
    'update 27: expected a, got b — do c; there is no checkpoint from before update 7 to go back to: set save_steps',
  );
});
