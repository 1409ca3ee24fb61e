import { type MemoryPlan, objectiveSpecs, TrainingSession } from '@rag/runtime';
import type { CompleteConfig } from '../config/check-shared.js';
import { checkMemory, describeMemory, plannedMemory } from './planned-memory.js';
import type { OpenModel, PreparedTask } from './prepared-task.js';
import type { RunPlatform } from './run-platform.js';
import { compileTraining, computeOptions } from './training-session.js';
import { allWeights } from './weights-to-train.js';

/**
 * Compiles a task's objective, plans and tells the memory that training takes, loads the weights and opens the session.
 * @throws ConfigError where the machine has less memory; the errors of compiling and of sessions
 */
export async function openTraining(
  {
    objective,
    start,
    data,
    toTrain = allWeights(start.weights),
  }: Pick<PreparedTask<OpenModel, unknown>, 'objective' | 'start' | 'data' | 'toTrain'>,
  config: CompleteConfig,
  threads: number,
  { listener, memory: available, collective }: Pick<RunPlatform, 'listener' | 'memory' | 'collective'>,
): Promise<{ readonly session: TrainingSession; readonly memory: MemoryPlan }> {
  const plan = compileTraining(objective, toTrain, config);
  const compute = computeOptions(config, threads, collective);
  const batches = data.batches(0, () => ({
    seed: config.seed,
    update: 0,
    inputs: objectiveSpecs(objective).inputs,
  }));
  const memory = await plannedMemory(plan, batches, compute, config);
  listener.say(describeMemory(memory));
  if (config.provider === 'cpu' && available !== undefined) checkMemory(memory, available);
  await toTrain.load();
  return { session: await TrainingSession.create(plan, compute), memory };
}
