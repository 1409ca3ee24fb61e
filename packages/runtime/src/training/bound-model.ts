import { evaluateDim } from '@rag/onnx';
import { gradientBuffer } from '../artifacts/names.js';
import type { TensorInfo } from '../drivers/driver.js';
import { SessionError } from '../error.js';
import { checkFits } from '../feeds.js';
import type { IoBinding } from '../io-binding.js';
import { type BindableSession, createSession, type Session } from '../session.js';
import { type Tensor, zeros } from '../tensor.js';
import type { ComputeOptions } from './compute.js';
import { type Accumulation, gradientOutput } from './lower.js';
import type { TrainingState } from './state.js';

/** A lowered model whose parameters and gradient buffers are the state's own arrays. */
export interface BoundModel {
  /** One run on a batch; everything that the model yields but gradients, in new arrays. */
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
  /** What a batch feeds: every input that is not part of the state. */
  readonly inputs: readonly TensorInfo[];
  dispose(): void;
}

/** Opens a lowered model on a state; `accumulation` is what it does to gradient buffers, undefined for a forward model. */
export async function openBoundModel(
  model: Uint8Array,
  state: TrainingState,
  accumulation: Accumulation | undefined,
  { provider, threads }: ComputeOptions,
): Promise<BoundModel> {
  const options = {
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    // Shapes vary from batch to batch: a pattern per shape would only hold memory.
    enableMemPattern: false,
    config: {
      'session.disable_prepacking': '1',
      // It would merge what `recomputeActivations` computes twice to save memory.
      'optimization.disable_specified_optimizers': 'CommonSubexpressionElimination',
    },
  };
  if (provider === 'wasm') {
    const session = await createSession(model, { provider, ...options });
    return copyingModel(session, residentTensors(session, state, accumulation));
  }
  const session = await createSession(model, { provider, driver: 'ffi', ...options });
  return bindingModel(session, residentTensors(session, state, accumulation));
}

/** Inputs and outputs of a lowered model that are part of the state, and which output may take its input's memory. */
interface Resident {
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly inPlaceAdd: Readonly<Record<string, string>>;
}

const fedInputs = (session: Session, resident: Resident): TensorInfo[] =>
  session.inputs.filter(({ name }) => !Object.hasOwn(resident.inputs, name));

/** Reads and writes the state where it lies. */
function bindingModel(session: BindableSession, resident: Resident): BoundModel {
  const inputs = fedInputs(session, resident);
  const yielded = session.outputs.filter(({ name }) => !Object.hasOwn(resident.outputs, name));
  let binding: IoBinding | undefined;
  return {
    inputs,
    async run(feeds) {
      const symbols = symbolsOf(inputs, feeds);
      const results = Object.fromEntries(
        yielded.map(({ name, dtype, shape }) => [
          name,
          zeros(
            dtype,
            shape.map((dim) => evaluateDim(dim, symbols)),
          ),
        ]),
      );
      const batch = Object.fromEntries(inputs.map(({ name }) => [name, feeds[name]!]));
      if (binding) {
        // Outputs first: a batch may hold what the run before yielded.
        for (const [name, tensor] of Object.entries(results)) binding.rebindOutput(name, tensor);
        for (const [name, tensor] of Object.entries(batch)) binding.rebindInput(name, tensor);
      } else {
        binding = session.bind({
          inputs: { ...batch, ...resident.inputs },
          outputs: { ...results, ...resident.outputs },
          inPlaceAdd: resident.inPlaceAdd,
        });
      }
      await binding.run();
      return results;
    },
    dispose: () => session.dispose(),
  };
}

/** Copies the state into and out of the provider's memory at each run. */
function copyingModel(session: Session, resident: Resident): BoundModel {
  const inputs = fedInputs(session, resident);
  return {
    inputs,
    async run(feeds) {
      symbolsOf(inputs, feeds);
      const batch = Object.fromEntries(inputs.map(({ name }) => [name, feeds[name]!]));
      const results = await session.run({ ...batch, ...resident.inputs });
      for (const [name, { data }] of Object.entries(resident.outputs)) {
        (data as Float32Array).set(results[name]!.data as Float32Array);
        delete results[name];
      }
      return results;
    },
    dispose: () => session.dispose(),
  };
}

function residentTensors(
  session: Session,
  state: TrainingState,
  accumulation: Accumulation | undefined,
): Resident {
  const named = new Set([...session.inputs, ...session.outputs].map(({ name }) => name));
  const inputs: Record<string, Tensor> = {};
  const outputs: Record<string, Tensor> = {};
  const inPlaceAdd: Record<string, string> = {};
  for (const [name, tensor] of state.frozen) if (named.has(name)) inputs[name] = tensor;
  for (const { name, value, gradient } of state.trained) {
    if (named.has(name)) inputs[name] = value;
    if (!named.has(gradientOutput(name))) continue;
    outputs[gradientOutput(name)] = gradient;
    if (accumulation !== 'add') continue;
    inputs[gradientBuffer(name)] = gradient;
    inPlaceAdd[gradientOutput(name)] = gradientBuffer(name);
  }
  return { inputs, outputs, inPlaceAdd };
}

/** The values of the symbolic sizes, from the tensors that are fed; throws SessionError where one is missing or does not fit. */
export function symbolsOf(
  inputs: readonly TensorInfo[],
  feeds: Readonly<Record<string, Tensor>>,
): Record<string, number> {
  const symbols: Record<string, number> = {};
  for (const info of inputs) {
    const { name, shape } = info;
    const tensor = feeds[name];
    if (!tensor)
      throw new SessionError(
        'batch',
        `expected a tensor "${name}", got ${Object.keys(feeds).join(', ') || 'none'} — feed it with the batch`,
      );
    checkFits(`batch: "${name}"`, info, tensor);
    for (const [axis, dim] of shape.entries()) {
      const size = tensor.shape[axis];
      if (typeof dim === 'number' || dim === '' || size === undefined) continue;
      if (symbols[dim] !== undefined && symbols[dim] !== size)
        throw new SessionError(
          `batch: "${name}"`,
          `expected ${symbols[dim]} along "${dim}" as in the tensors before, got ${size} — tensors of one batch must agree in it`,
        );
      symbols[dim] = size;
    }
  }
  return symbols;
}
