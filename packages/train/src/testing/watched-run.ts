import { type RunOf, type TrainOptions, train } from '../node/train.js';
import type { TaskName } from '../recipes/tasks.js';
import type { StepEvent } from '../trainer.js';

/** A run with everything that it said and did. */
export interface WatchedRun<Task extends TaskName> {
  readonly run: RunOf<Task>;
  readonly said: readonly string[];
  readonly steps: readonly StepEvent[];
}

/** Trains, without a doctor, and listens. */
export async function watchedRun<Task extends TaskName>(
  options: TrainOptions<Task>,
): Promise<WatchedRun<Task>> {
  const said: string[] = [];
  const steps: StepEvent[] = [];
  const run = await train<Task>(options, {
    doctor: 'off',
    listener: { say: (text) => said.push(text), step: (event) => steps.push(event) },
  });
  return { run, said, steps };
}
