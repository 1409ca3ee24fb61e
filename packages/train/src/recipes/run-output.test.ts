import type { CheckpointToSave, MadeFromModel } from '@rag/models/node';
import { expect, test } from 'vitest';
import { resolveEmbedding } from '../config/embedding-config.js';
import { settingsOf } from '../config/resolve.js';
import type { RunFiles } from '../run-files.js';
import type { OpenModel } from './prepared-task.js';
import { type RunToWrite, runOutput } from './run-output.js';

/** The final model of a run, as what happened in its order; opening it is where the run ends. */
async function happened(isSaved: boolean): Promise<string[]> {
  const order: string[] = [];
  const note = (what: string, result?: unknown) => async (): Promise<never> => {
    order.push(what);
    return result as never;
  };
  const files = {
    async saveModel(path: string, _: CheckpointToSave, made?: MadeFromModel) {
      order.push(`write ${path}`);
      await made!.make(`${path}.unfinished`);
    },
  } as unknown as RunFiles;
  const openSaved = async (path: string): Promise<never> => {
    order.push(`open ${path}`);
    throw new Error('ends here');
  };
  const resolved = resolveEmbedding([
    settingsOf({ modelNameOrPath: 'm', trainDataset: 'd', outputDir: 'out' }),
  ]);
  const session = { synchronize: note('synchronize'), dispose: () => order.push('dispose') };
  const { final } = runOutput({ files }, {
    prepared: { toSave: note('take weights', {}), openSaved },
    ...{ resolved, session, evaluating: {}, recording: undefined, facts: {}, earlier: [], kept: [] },
  } as unknown as RunToWrite<OpenModel, unknown>);
  await expect(final({} as never, async () => undefined, isSaved)).rejects.toThrow('ends here');
  return order;
}

test('a final model is opened without the session beside it, where a checkpoint has what was learned', async () => {
  const [before, after] = [['synchronize', 'take weights', 'write out/model'], ['open out/model.unfinished']];
  expect(await happened(true)).toEqual([...before, 'dispose', ...after]);
  expect(await happened(false)).toEqual([...before, ...after]);
});
