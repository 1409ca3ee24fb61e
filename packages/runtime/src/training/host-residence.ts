import { openBoundModel } from './bound-model.js';
import { type ComputeOptions, updateThreads } from './compute.js';
import { createFusedUpdate } from './fused-update.js';
import type { Residence } from './residence.js';
import { known } from './saved-state.js';
import { arrayOf, type TrainingState } from './state.js';

/**
 * A state in host memory: read and written in place with `cpu`, copied in and out at each run with `wasm`; updated by one pass over it.
 * `groupOf` gives the optimizer's group of a parameter.
 */
export function hostResidence(
  state: TrainingState,
  groupOf: (parameter: string) => number,
  compute: ComputeOptions,
): Residence {
  const tensors = state.trained.map(({ name, value, gradient, first, second }) => ({
    parameter: value.data as Float32Array,
    gradient: gradient.data as Float32Array,
    firstMoment: first,
    secondMoment: second,
    group: groupOf(name),
  }));
  const fused = createFusedUpdate(tensors, { threads: updateThreads(compute) });
  return {
    openModel: (model) => openBoundModel(model, state, compute),
    async zeroGradients(names) {
      for (const { name, gradient } of state.trained)
        if (names?.has(name) ?? true) (gradient.data as Float32Array).fill(0);
    },
    globalNorm: (scale) => fused.globalNorm(scale),
    adamw: (settings, step, scale) => fused.adamw(settings, step, scale),
    checkHost() {},
    async synchronize() {},
    read: async (parameter, part) => arrayOf(known(state, parameter), part),
    write: (parameter, part, data) => arrayOf(known(state, parameter), part).set(data),
    takeHost() {},
    dispose: () => fused.dispose(),
  };
}
