import { memorySource, safetensorsBytes } from '@rag/models';
import { NotFiniteError } from '@rag/runtime';
import { expect, test } from 'vitest';
import { resolveEmbedding } from '../config/embedding-config.js';
import { settingsOf } from '../config/resolve.js';
import { encodeRunState } from '../resume/run-state.js';
import type { RunFiles } from '../run-files.js';
import { modelSelection } from './model-selection.js';
import type { EvaluatedEpoch } from './prepared-task.js';
import { trainRun } from './run-training.js';

/** What the evaluator finds of a model, by updates; one after another where an update comes again. */
const quality: Record<number, number[]> = { 2: [0.5, 0.5], 4: [0.9, 0.6], 6: [0.4], 8: [0.4] };

/** A run of 8 updates whose fifth fails once. */
async function fails() {
  const [said, rates, taken] = [[] as string[], [] as number[], [] as number[]];
  const resolved = resolveEmbedding([
    settingsOf({
      ...{ modelNameOrPath: 'm', trainDataset: 'd', epochs: 1, lr: 1, lrSchedulerType: 'constant' },
      ...{ warmupSteps: 0, evalSteps: 2, saveOnEpochEnd: false, metricForBestModel: 'ndcg@10' },
      ...{ onCollapse: 'rollback' },
    }),
  ]);
  let hasFailed = false;
  const session = {
    inputs: async () => [],
    accumulate: async () => ({ sum: 1, weight: 1, outputs: {} }),
    update: async ({ learningRate }: { learningRate: number }) => {
      if (rates.length === 4 && !hasFailed) {
        hasFailed = true;
        throw new NotFiniteError('update', 'expected finite gradients, got NaN — lower the rate');
      }
      rates.push(learningRate);
      return { loss: 1, weight: 1, gradientNorm: 1 };
    },
    loadState: async ({ step }: { step: number }) => void taken.push(step),
  };
  const texts = new Map<string, string>();
  const output = {
    checkpoint: async (name: string, state: object) => {
      const { update } = (state as { position: { update: number } }).position;
      const text = encodeRunState({ ...state, session: { step: update }, parameters: {} } as never);
      texts.set(name, text);
      return { name, path: `out/${name}` };
    },
    checkpoints: {
      folder: 'out',
      get kept() {
        return [...texts.keys()];
      },
      rotate: async () => {},
      drop: async (names: readonly string[]) => {
        for (const name of names) texts.delete(name);
      },
    },
  };
  const empty = memorySource({ 'optimizer.safetensors': await safetensorsBytes([]) });
  const files = {
    readText: async (path: string) => texts.get(path.split('/').at(-2)!),
    openModel: async () => empty,
  } as unknown as RunFiles;
  let epochs: EvaluatedEpoch[] = [];
  const evaluator = {
    get epochs() {
      return epochs;
    },
    restore: (earlier: readonly EvaluatedEpoch[]) => {
      epochs = [...earlier];
    },
    epoch: async (_: unknown, epoch: number, update?: number) => {
      epochs.push({ epoch, update: update ?? 8 } as EvaluatedEpoch);
      return { text: '', metrics: { 'ndcg@10': quality[update ?? 8]!.shift()! } };
    },
  };
  const data = {
    batchesPerEpoch: 8,
    async *batches(_epoch: number, _dropout: unknown, from = 0) {
      for (let batch = from; batch < 8; batch++) yield { batch: {}, tokens: 1 };
    },
  };
  const nobody = () => {};
  const followers = {
    ...{ step: nobody, evaluated: nobody, saved: nobody },
    alarmed: (_: number, line: string) => void said.push(line),
    logState: () => ({ history: [], unlogged: { losses: [], skipped: 0 } }),
  };
  const identity = { task: 't', settings: {}, data: {}, model: 'm', threads: 1, versions: {} };
  const { result } = await trainRun(
    {
      ...{ id: 'id', identity, resolved, session, followers, output, evaluating: {} },
      prepared: { data, evaluator, openSaved: async () => ({ dispose: nobody }) },
      selection: modelSelection(resolved.config),
    } as never,
    { files, listener: { say: (line) => void said.push(line), step: nobody } },
  );
  return {
    said,
    rates,
    taken,
    result,
    evaluated: epochs.map(({ update }) => update),
    kept: [...texts.keys()],
  };
}

test('a run that collapses goes on from where it was sound, at half the rate, as if the rest had not been', async () => {
  const { said, rates, taken, result, evaluated, kept } = await fails();
  expect(said).toEqual([
    'collapse: update 5: expected finite gradients, got NaN — lower the rate',
    'went back to step_2 (update 2): the rate is 0.5 of the settings’ from here on',
    'epoch 1/1: loss 1.0000',
  ]);
  // The second update's state, which was taken again.
  expect(taken).toEqual([2]);
  expect(rates).toEqual([1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
  expect(result.updates).toBe(8);
  // Of step_4 that was, which found 0.9, nothing is left.
  expect(result.best).toEqual({ name: 'step_4', value: 0.6, metric: 'ndcg@10' });
  expect(evaluated).toEqual([2, 4, 6, 8]);
  expect(kept).toEqual(['step_2', 'step_4', 'step_6', 'step_8']);
});
