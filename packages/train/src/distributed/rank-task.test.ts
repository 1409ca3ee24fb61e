import { loopback } from '@rag/runtime';
import { expect, test } from 'vitest';
import type { OpenModel, PreparedTask, TaskEvaluator } from '../recipes/prepared-task.js';
import { taskOfRank } from './rank-task.js';

type Task = PreparedTask<OpenModel, string>;

const taskOf = (log: string[], rank: number): Task => {
  const epochs: { epoch: number }[] = [];
  const evaluator: Partial<TaskEvaluator<OpenModel, string>> = {
    async before() {
      log.push(`rank ${rank}: before`);
      return { text: 'before', metrics: { map: 0.5 } };
    },
    async epoch(_, epoch) {
      log.push(`rank ${rank}: epoch ${epoch}`);
      epochs.push({ epoch });
      return { text: 'epoch', metrics: { map: 0.25 * epoch } };
    },
    get epochs() {
      return epochs;
    },
  };
  const openSaved = async (path: string) => {
    log.push(`rank ${rank}: opens ${path}`);
    return { dispose: () => {} };
  };
  return { evaluator, openSaved } as unknown as Task;
};

test('rank 0 opens and evaluates models, and every rank hears of it', async () => {
  const log: string[] = [];
  const found = await Promise.all(
    loopback(2).map(async (collective) => {
      const { evaluator, openSaved } = taskOfRank(taskOf(log, collective.rank), collective);
      const before = await evaluator!.before({} as OpenModel);
      const model = await openSaved('checkpoint_0', { provider: 'cpu' });
      const epoch = await evaluator!.epoch(model, 1);
      model.dispose();
      return { before, epoch, epochs: evaluator!.epochs.length };
    }),
  );
  expect(log).toEqual(['rank 0: before', 'rank 0: opens checkpoint_0', 'rank 0: epoch 1']);
  expect(found[1]).toEqual({ ...found[0], epochs: 0 });
  expect(found[0]).toMatchObject({
    before: { text: 'before' },
    epoch: { metrics: { map: 0.25 } },
    epochs: 1,
  });
});

test('a task that evaluates nothing is left as it is', () => {
  const task = { openSaved: async () => ({}) } as unknown as Task;
  expect(taskOfRank(task, loopback(2)[1]!)).toBe(task);
});
