import { expect, test } from 'vitest';
import { startPosition } from '../trainer-position.js';
import { checkpointAt, checkpointsIn, filesOfCheckpoint } from './find-checkpoint.js';
import { encodeRunState } from './run-state.js';

const stateAt = (update: number, epoch: number, batch: number): string =>
  encodeRunState({
    id: 'id',
    identity: { task: 't', settings: {}, data: {}, model: 'm', threads: 1, versions: {} },
    position: { ...startPosition, update, epoch, batch },
    ...{ total_updates: 9, session: { step: update }, parameters: {}, history: [] },
    ...{ unlogged: { losses: [], skipped: 0 }, evaluations: [], without_gain: 0, evaluate: false },
  });

const folder = 'out/runs/checkpoints';
const filesOf = (texts: Record<string, string | undefined>) => ({
  list: async (path: string) => (path === folder ? Object.keys(texts) : []),
  readText: async (path: string) => texts[path.split('/').at(-2)!],
  openModel: async () => undefined,
});

test('complete ones in the order of their places; what has no state, or another name, is none', async () => {
  const texts = {
    checkpoint_0: stateAt(4, 1, 0),
    step_10: stateAt(10, 2, 2),
    step_4: stateAt(4, 0, 4),
    step_5: '{',
    step_6: undefined,
    '.step_12.0123456789ab.tmp': stateAt(12, 3, 0),
    notes: 'mine',
  };
  const { complete, damaged, remains } = await checkpointsIn(filesOf(texts), 'out');
  expect(complete.map(({ name }) => name)).toEqual(['step_4', 'checkpoint_0', 'step_10']);
  expect(complete[2]).toMatchObject({ path: `${folder}/step_10`, state: { position: { update: 10 } } });
  expect(damaged.map(({ message }) => message)).toEqual([
    expect.stringContaining(`${folder}/step_5/trainer_state.json: expected JSON`),
  ]);
  expect(remains).toEqual(['step_6']);
  expect(await checkpointsIn(filesOf({}), 'out')).toEqual({ complete: [], damaged: [], remains: [] });
});

test('one that is named is that one; none, a damaged one and one without files are errors', async () => {
  const files = filesOf({ step_4: stateAt(4, 0, 4), step_5: '{' });
  expect(await checkpointAt(files, 'elsewhere/step_4/')).toMatchObject({
    path: 'elsewhere/step_4',
    name: 'step_4',
  });
  await expect(checkpointAt(files, 'elsewhere/step_6')).rejects.toThrow(
    'elsewhere/step_6: expected the directory of a checkpoint, got none with a trainer_state.json',
  );
  await expect(checkpointAt(files, 'step_5')).rejects.toThrow('step_5/trainer_state.json: expected JSON');
  await expect(filesOfCheckpoint(files, { path: 'p' })).rejects.toThrow('p: expected the directory');
});
