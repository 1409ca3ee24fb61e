import type { TensorInfo } from './drivers/driver.js';
import type { BoundRun } from './drivers/ffi/binding.js';
import { SessionError } from './error.js';
import { checkFeeds, checkFits, checkMemory, find } from './feeds.js';
import { type Lifetime, lifetime } from './lifetime.js';
import type { Tensor } from './tensor.js';

/** What to bind: every input of the model and the outputs that are wanted. */
export interface BindOptions {
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: Readonly<Record<string, Tensor>>;
  /**
   * Output name → input name: outputs that may be bound to the very array of that input. Only for an output that the model
   * computes as one elementwise float32 `Add` of the input and a tensor of the same shape, or as one `ScatterElements` that adds to the
   * input, where nothing else reads it. The model is not inspected: it is for the one who builds the graph to promise this.
   */
  readonly inPlaceAdd?: Readonly<Record<string, string>>;
}

/** Tensors bound to a session: on `cpu` ONNX Runtime reads and writes their arrays in place, with no copy per run; for `cuda` each run copies them. */
export interface IoBinding {
  /** One run; the event loop stays free. Throws SessionError while another run of this binding is under way. */
  run(): Promise<void>;
  /** Replaces the tensor of an input; shapes may differ where the model's are symbolic. Not during a run. */
  rebindInput(name: string, tensor: Tensor): void;
  /** Replaces the tensor of an output that was bound. Not during a run. */
  rebindOutput(name: string, tensor: Tensor): void;
  /** Frees the native binding, after a run that is under way; the arrays stay the caller's. */
  dispose(): void;
}

/** A model's descriptions and what its driver binds with. */
export interface BindingSource {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  bind(inputs: Readonly<Record<string, Tensor>>, outputs: Readonly<Record<string, Tensor>>): BoundRun;
}

/**
 * Checks and binds tensors; `owner` is the session's lifetime, `released` is told when the native binding is gone.
 * Throws SessionError on missing, unknown or unfitting tensors and on shared memory.
 */
export function bindTensors(
  source: BindingSource,
  owner: Lifetime,
  options: BindOptions,
  released: (binding: IoBinding) => void,
): IoBinding {
  const inputs = { ...options.inputs };
  const outputs = { ...options.outputs };
  const { inPlaceAdd = {} } = options;
  checkFeeds('bind', source.inputs, inputs);
  if (Object.keys(outputs).length === 0)
    throw new SessionError('bind', 'expected at least one output, got none');
  for (const [name, tensor] of Object.entries(outputs)) {
    checkFits(`bind: output "${name}"`, find('bind', 'output', source.outputs, name), tensor);
  }
  checkMemory('bind', inputs, outputs, inPlaceAdd);
  const bound = source.bind(inputs, outputs);
  const life = lifetime('binding', () => {
    bound.release();
    released(binding);
  });
  const idle = (where: string): void => {
    owner.check(where);
    life.check(where);
    if (life.busy) {
      throw new SessionError(
        where,
        'expected an idle binding, got one that runs — await its run, or bind a second one',
      );
    }
  };
  const binding: IoBinding = {
    async run() {
      idle('run');
      await owner.during('run', () => life.during('run', () => bound.run()));
    },
    rebindInput(name, tensor) {
      idle('rebindInput');
      checkFits(`rebindInput "${name}"`, find('rebindInput', 'input', source.inputs, name), tensor);
      checkMemory('rebindInput', { ...inputs, [name]: tensor }, outputs, inPlaceAdd);
      bound.rebindInput(name, tensor);
      inputs[name] = tensor;
    },
    rebindOutput(name, tensor) {
      idle('rebindOutput');
      if (!Object.hasOwn(outputs, name)) {
        throw new SessionError(
          'rebindOutput',
          `expected a bound output (${Object.keys(outputs).join(', ')}), got "${name}"`,
        );
      }
      checkFits(`rebindOutput "${name}"`, find('rebindOutput', 'output', source.outputs, name), tensor);
      checkMemory('rebindOutput', inputs, { ...outputs, [name]: tensor }, inPlaceAdd);
      bound.rebindOutput(name, tensor);
      outputs[name] = tensor;
    },
    dispose: () => life.dispose(),
  };
  return binding;
}
