import { type MemoryPlan, objectiveSpecs, TrainingSession } from '@rag/runtime';
import type { CompleteConfig } from '../config/check-shared.js';
import { checkMemory, describeMemory, plannedMemory } from './planned-memory.js';
import type { OpenModel, PreparedTask } from './prepared-task.js';
import type { RunPlatform } from './run-platform.js';
import { compileTraining, computeOptions } from './training-session.js';
import { allWeights } from './weights-to-train.js';

type TaskToTrain = Pick<PreparedTask<OpenModel, unknown>, 'objective' | 'start' | 'data' | 'toTrain'>;

/** Training that nothing is allocated for yet. */
export interface PlannedTraining {
  readonly memory: MemoryPlan;
  /** Loads the weights and opens the session. @throws the errors of model files and sessions */
  open(): Promise<TrainingSession>;
}

/** Compiles a task's objective and plans the memory that training takes. @throws the errors of compiling */
export async function planTraining(
  { objective, start, data, toTrain = allWeights(start.weights) }: TaskToTrain,
  config: CompleteConfig,
  threads: number,
  collective?: RunPlatform['collective'],
): Promise<PlannedTraining> {
  const plan = compileTraining(objective, toTrain, config);
  const compute = computeOptions(config, threads, collective);
  const batches = data.batches(0, () => ({
    seed: config.seed,
    update: 0,
    inputs: objectiveSpecs(objective).inputs,
  }));
  const memory = await plannedMemory(plan, batches, compute, config);
  const open = async (): Promise<TrainingSession> => {
    await toTrain.load();
    return TrainingSession.create(plan, compute);
  };
  return { memory, open };
}

/**
 * Plans a task's training, tells the memory that it takes and opens its session.
 * @throws ConfigError where the machine has less memory; the errors of compiling and of sessions
 */
export async function openTraining(
  task: TaskToTrain,
  config: CompleteConfig,
  threads: number,
  { listener, memory: available, collective }: Pick<RunPlatform, 'listener' | 'memory' | 'collective'>,
): Promise<{ readonly session: TrainingSession; readonly memory: MemoryPlan }> {
  const { memory, open } = await planTraining(task, config, threads, collective);
  listener.say(describeMemory(memory));
  if (config.provider === 'cpu' && available !== undefined) checkMemory(memory, available);
  return { session: await open(), memory };
}
