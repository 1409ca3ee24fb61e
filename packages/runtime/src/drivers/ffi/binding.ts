import type { Tensor } from '../../tensor.js';
import { checkTensor } from '../../tensor.js';
import type { Api, Pointer } from './api.js';
import type { HostValue } from './value.js';

/** Inputs and outputs bound once; `session.ts` checks names, dtypes, shapes and lifetimes before it calls. */
export interface BoundRun {
  run(): Promise<void>;
  rebindInput(name: string, tensor: Tensor): void;
  rebindOutput(name: string, tensor: Tensor): void;
  release(): void;
}

/**
 * An `OrtIoBinding` over host tensors: nothing is copied or created per run on the CPU. `copiesInputs`: where the model reads them elsewhere, ONNX Runtime
 * copies an input when it is bound (core/session/IOBinding.cc), so that each run binds them again.
 */
export function bindSession(
  api: Api,
  session: Pointer,
  wrap: (where: string, tensor: Tensor) => HostValue,
  inputs: Readonly<Record<string, Tensor>>,
  outputs: Readonly<Record<string, Tensor>>,
  copiesInputs: boolean,
): BoundRun {
  const binding = api.take('bind', 'CreateIoBinding', session);
  const bound = { BindInput: new Map<string, HostValue>(), BindOutput: new Map<string, HostValue>() };
  const set = (kind: 'BindInput' | 'BindOutput', name: string, tensor: Tensor): void => {
    const where = `bind: ${kind === 'BindInput' ? 'input' : 'output'} "${name}"`;
    const value = wrap(where, tensor);
    try {
      api.call(where, kind, binding, name, value.pointer);
    } catch (error) {
      value.release();
      throw error;
    }
    // ONNX Runtime's binding holds its own reference to the value; ours is for the array's sake.
    bound[kind].get(name)?.release();
    bound[kind].set(name, value);
  };
  const release = (): void => {
    api.release('ReleaseIoBinding', binding);
    for (const values of Object.values(bound)) {
      for (const value of values.values()) value.release();
      values.clear();
    }
  };
  try {
    for (const [name, tensor] of Object.entries(inputs)) set('BindInput', name, tensor);
    for (const [name, tensor] of Object.entries(outputs)) set('BindOutput', name, tensor);
  } catch (error) {
    release();
    throw error;
  }
  return {
    async run() {
      for (const [name, value] of [...bound.BindInput, ...bound.BindOutput]) {
        checkTensor(`run: "${name}"`, value.tensor);
      }
      if (copiesInputs)
        for (const [name, value] of bound.BindInput)
          api.call(`run: "${name}"`, 'BindInput', binding, name, value.pointer);
      await api.callAsync('run', 'RunWithBinding', session, null, binding);
      // `bound` is named by `release`, so the arrays outlive the run.
    },
    rebindInput: (name, tensor) => set('BindInput', name, tensor),
    rebindOutput: (name, tensor) => set('BindOutput', name, tensor),
    release,
  };
}
