import { SessionError } from '../error.js';
import { openBoundModel } from './bound-model.js';
import { type ComputeOptions, updateThreads } from './compute.js';
import { createFusedUpdate } from './fused-update.js';
import { type GroupPart, type PlacedParameter, pieceOf, piecesOf, putParameter } from './group-memory.js';
import { gatherParameter, gatherWhole } from './rank-transfers.js';
import type { RankedMemory } from './ranked-memory.js';
import { boundState, type HostParameter } from './ranked-state.js';
import type { Residence } from './residence.js';
import { known } from './saved-state.js';
import { arrayOf, type TrainingState } from './state.js';

/**
 * A state in the host memory of one of several ranks, each of which updates its share. What lies in shares is read from all ranks: `read` and
 * `synchronize` are then calls of all ranks.
 */
export function rankedResidence(
  memory: RankedMemory,
  state: TrainingState & { readonly trained: readonly HostParameter[] },
  placed: ReadonlyMap<string, PlacedParameter>,
  groupOf: (parameter: string) => number,
  compute: ComputeOptions,
): Residence {
  const { collective, groups, sharesGradients, sharesValues } = memory;
  const isShared = groups.some(({ own }) => own.first);
  const tensors = state.trained.flatMap(({ name }) => {
    const { memory: own, parameter } = placed.get(name)!;
    return piecesOf(own, parameter).map((piece) => ({
      parameter: pieceOf(own, 'value', piece),
      gradient: pieceOf(own, 'gradient', piece),
      firstMoment: pieceOf(own, 'first', piece),
      secondMoment: pieceOf(own, 'second', piece),
      group: groupOf(name),
    }));
  });
  const groupCount = 1 + Math.max(...state.trained.map(({ name }) => groupOf(name)));
  const fused = createFusedUpdate(tensors, { threads: updateThreads(compute), groups: groupCount });
  const bound = boundState(state, placed);
  /** Whether copies of shares on the host hold what they hold now. */
  let isCopied = false;
  const moveOn = () => {
    isCopied = false;
    for (const parameter of state.trained) parameter.drop();
  };
  const placeOf = (name: string): PlacedParameter => placed.get(known(state, name).name)!;
  const gathered = (name: string, part: GroupPart): Promise<Float32Array> => {
    const { memory: own, parameter } = placeOf(name);
    return gatherParameter(own, parameter, part, collective);
  };
  return {
    openModel: (model) => openBoundModel(model, bound, compute, sharesGradients),
    async zeroGradients(names) {
      moveOn();
      for (const { whole, group } of groups)
        for (const { name, offset, length } of group.parameters)
          if (names?.has(name) ?? true) whole.gradient?.fill(0, offset, offset + length);
    },
    async globalNorm(scale) {
      const own = await fused.globalNorm(1);
      if (!isShared) return own * Math.abs(scale);
      const squares = Float64Array.of(own * own);
      await collective.allReduce(squares);
      return Math.sqrt(squares[0]!) * Math.abs(scale);
    },
    async adamw(settings, step, scale) {
      moveOn();
      await fused.adamw(settings, step, scale);
      await memory.shareValues();
    },
    checkHost(where, what = 'everything') {
      const needed = what === 'weights' ? sharesValues : isShared;
      if (!needed || isCopied) return;
      throw new SessionError(
        where,
        'expected a state that was read from all ranks, got one that lies in shares — await synchronize() on every rank before, or readWeight() for one at a time',
      );
    },
    async synchronize(what = 'everything') {
      await memory.settle();
      if (what === 'weights' || !isShared) return;
      moveOn();
      for (const { group, whole } of groups)
        if (whole.gradient) await gatherWhole(group, whole.gradient, collective);
      for (const host of state.trained)
        for (const part of ['value', 'gradient', 'first', 'second'] as const)
          if (placeOf(host.name).memory.own[part]) {
            const data = await gathered(host.name, part);
            (part === 'gradient' ? (host.gradient.data as Float32Array) : arrayOf(host, part)).set(data);
          }
      isCopied = true;
    },
    async read(name, part) {
      const { memory: own } = placeOf(name);
      return own.own[part] ? gathered(name, part) : arrayOf(known(state, name), part);
    },
    write(name, part, data) {
      moveOn();
      putParameter(placeOf(name), part, data);
    },
    takeHost() {
      for (const host of state.trained)
        for (const part of ['value', 'first', 'second'] as const)
          if (host.copies(part)) putParameter(placeOf(host.name), part, arrayOf(host, part));
      moveOn();
    },
    dispose: () => fused.dispose(),
  };
}
