import { expect, test } from 'vitest';
import { encodeRunState } from '../resume/run-state.js';
import type { RunFiles } from '../run-files.js';
import { startPosition } from '../trainer-position.js';
import { runStart } from './run-start.js';

const stateAt = (update: number): string =>
  encodeRunState({
    id: 'id',
    identity: { task: 't', settings: {}, data: {}, model: 'm', threads: 1, versions: {} },
    position: { ...startPosition, update, batch: update },
    ...{ total_updates: 9, session: { step: update }, parameters: {}, history: [] },
    ...{ unlogged: { losses: [], skipped: 0 }, evaluations: [], without_gain: 0, evaluate: false },
  });

/** A directory `out` of these checkpoints, and one elsewhere. */
function start(
  config: { resumeFromCheckpoint?: string; overwriteOutputDir?: boolean },
  texts: Record<string, string | undefined>,
  present: string[] = [],
) {
  const said: string[] = [];
  const files = {
    list: async (path: string) => (path === 'out' ? present : Object.keys(texts)),
    readText: async (path: string) =>
      path.startsWith('elsewhere/') ? stateAt(7) : texts[path.split('/').at(-2)!],
  } as unknown as RunFiles;
  const resolved = { config: { outputDir: 'out', overwriteOutputDir: false, ...config } } as never;
  const started = runStart(resolved, {
    files,
    listener: { say: (line) => said.push(line), step: () => {} },
  });
  return { started, said };
}
const texts = { step_4: stateAt(4), step_6: stateAt(6), step_5: undefined };

test('the last complete checkpoint, or the one that is named by whatever path', async () => {
  const latest = await start({ resumeFromCheckpoint: 'latest' }, texts, ['runs']).started;
  expect([latest.from!.name, latest.kept, latest.earlier]).toEqual([
    ...['step_6', ['step_4', 'step_6'], ['step_5']],
  ]);
  const named = await start({ resumeFromCheckpoint: './out//runs/checkpoints/step_4' }, texts).started;
  expect([named.from!.name, named.kept]).toEqual(['step_4', ['step_4', 'step_6']]);
});

test('without any, a run begins, and says so', async () => {
  const { started, said } = start({ resumeFromCheckpoint: 'latest' }, {}, ['runs']);
  expect(await started).toEqual({ earlier: [], kept: [] });
  expect(said).toEqual(['no complete checkpoint in out: from the beginning']);
});

test('one that is damaged is an error for the last, and none for another', async () => {
  const damaged = { ...texts, step_8: '{' };
  await expect(start({ resumeFromCheckpoint: 'latest' }, damaged).started).rejects.toThrow('step_8');
  const named = await start({ resumeFromCheckpoint: 'out/runs/checkpoints/step_6' }, damaged).started;
  expect(named.kept).toEqual(['step_4', 'step_6']);
});

test('one of elsewhere begins a run here, where no other stands', async () => {
  const config = { resumeFromCheckpoint: 'elsewhere/step_7' };
  expect(await start(config, {}).started).toMatchObject({ from: { path: 'elsewhere/step_7' }, kept: [] });
  await expect(start(config, texts, ['runs']).started).rejects.toThrow('expected no earlier run in out');
  const replaced = await start({ ...config, overwriteOutputDir: true }, texts, ['runs']).started;
  expect([...replaced.earlier].sort()).toEqual(['step_4', 'step_6']);
});

test('a run that is over is not gone on with', async () => {
  await expect(
    start({ resumeFromCheckpoint: 'latest' }, texts, ['run.json', 'model']).started,
  ).rejects.toThrow('expected a run that is not over in out, got one that is: its run.json is there');
});

test('without resuming, checkpoints of a run that was killed are an earlier run’s too', async () => {
  await expect(start({}, texts, ['runs']).started).rejects.toThrow('or --resume where it is to go on');
  const { earlier } = await start({ overwriteOutputDir: true }, texts, ['runs']).started;
  expect([...earlier].sort()).toEqual(['step_4', 'step_6']);
});
