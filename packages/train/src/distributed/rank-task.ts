import type { Collective } from '@rag/runtime';
import type { Evaluated, OpenModel, PreparedTask, TaskEvaluator } from '../recipes/prepared-task.js';
import { broadcastJson } from './broadcast-json.js';

/**
 * A task as one of several ranks has it: rank 0 evaluates models, and all ranks go on by what it found. The final model is evaluated while it
 * is written, where only rank 0 is.
 */
export function taskOfRank<Model extends OpenModel, Evaluation>(
  task: PreparedTask<Model, Evaluation>,
  collective: Collective,
): PreparedTask<Model, Evaluation> {
  if (!task.evaluator) return task;
  const evaluator = evaluatorOfRank(task.evaluator, collective);
  if (collective.rank === 0) return { ...task, evaluator };
  // It is handed to the evaluator, which does not look at it.
  const openSaved = async (): Promise<Model> => ({ dispose: () => {} }) as Model;
  return { ...task, evaluator, openSaved };
}

function evaluatorOfRank<Model, Evaluation>(
  evaluator: TaskEvaluator<Model, Evaluation>,
  collective: Collective,
): TaskEvaluator<Model, Evaluation> {
  const byRankZero = (evaluate: () => Promise<Evaluated>): Promise<Evaluated> =>
    broadcastJson(collective, evaluate);
  return {
    ...evaluator,
    get epochs() {
      return evaluator.epochs;
    },
    before: (model) => byRankZero(() => evaluator.before(model)),
    epoch: (model, ...when) => byRankZero(() => evaluator.epoch(model, ...when)),
  };
}
