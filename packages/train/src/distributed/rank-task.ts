import type { Collective } from '@rag/runtime';
import type { Evaluated, OpenModel, PreparedTask, TaskEvaluator } from '../recipes/prepared-task.js';
import { broadcastJson } from './broadcast-json.js';

/**
 * A task as one of several ranks has it. Models before the last are evaluated by all ranks, which compute a part each, where the task can share
 * them out, and else by rank 0, which tells the others. The final model is evaluated while it is written, where only rank 0 is.
 */
export function taskOfRank<Model extends OpenModel, Evaluation>(
  task: PreparedTask<Model, Evaluation>,
  collective: Collective,
): PreparedTask<Model, Evaluation> {
  const { evaluator, sharedModel } = task;
  if (!evaluator) return task;
  if (sharedModel) {
    const shared = (model: Model): Model => sharedModel(model, collective);
    return {
      ...task,
      evaluator: instead(evaluator, {
        before: (model) => evaluator.before(shared(model)),
        epoch: (model, ...when) => evaluator.epoch(shared(model), ...when),
      }),
    };
  }
  const byRankZero = (evaluate: () => Promise<Evaluated>): Promise<Evaluated> =>
    broadcastJson(collective, evaluate);
  const told = instead(evaluator, {
    before: (model) => byRankZero(() => evaluator.before(model)),
    epoch: (model, ...when) => byRankZero(() => evaluator.epoch(model, ...when)),
  });
  if (collective.rank === 0) return { ...task, evaluator: told };
  // It is handed to the evaluator, which does not look at it.
  const openSaved = async (): Promise<Model> => ({ dispose: () => {} }) as Model;
  return { ...task, evaluator: told, openSaved };
}

const instead = <Model, Evaluation>(
  evaluator: TaskEvaluator<Model, Evaluation>,
  how: Pick<TaskEvaluator<Model, Evaluation>, 'before' | 'epoch'>,
): TaskEvaluator<Model, Evaluation> => ({
  ...evaluator,
  ...how,
  get epochs() {
    return evaluator.epochs;
  },
});
