import type { EvaluatedEpoch } from './prepared-task.js';

/** Where in a run a model is evaluated, as run.json has it. */
export const placeOf = (epoch: number, update: number | undefined): EvaluatedEpoch => ({
  epoch,
  ...(update !== undefined && { update }),
});

/** The same for people, who count epochs from 1. */
export const titleOf = (epoch: number, update: number | undefined): string =>
  update === undefined ? `epoch ${epoch + 1}` : `update ${update}`;
