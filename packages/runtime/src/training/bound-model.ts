import { evaluateDim } from '@rag/onnx';
import { gradientBuffer } from '../artifacts/names.js';
import type { TensorInfo } from '../drivers/driver.js';
import { SessionError } from '../error.js';
import { checkFits } from '../feeds.js';
import type { IoBinding } from '../io-binding.js';
import { type BindableSession, createSession, type Session } from '../session.js';
import { type Tensor, zeros } from '../tensor.js';
import type { ComputeOptions } from './compute.js';
import { gradientOutput } from './lower.js';
import type { Naming } from './segment-names.js';
import type { TrainingState } from './state.js';

/** Where a result is written. */
export type Place = (name: string, dtype: Tensor['dtype'], shape: readonly number[]) => Tensor;

/** A lowered model on the state's own parameters and gradient buffers, everything by the plan's names. */
export interface BoundModel {
  /** One run on a batch; everything that the model yields but gradients, in new arrays or in those of `place`. */
  run(feeds: Readonly<Record<string, Tensor>>, place?: Place): Promise<Record<string, Tensor>>;
  /** What a batch feeds: every input that is not part of the state. */
  readonly inputs: readonly TensorInfo[];
}

/** An open model, for the segments that share it. */
export interface OpenModel {
  /** `alone`: no other segment has its session, whose parameters stay bound between runs. */
  bind(naming: Naming, alone: boolean): BoundModel;
  dispose(): void;
}

/** Opens a lowered model on a state. @param moves whether the state's tensors lie elsewhere at every run */
export async function openBoundModel(
  model: Uint8Array,
  state: TrainingState,
  { provider, threads }: ComputeOptions,
  moves = false,
): Promise<OpenModel> {
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
    return {
      bind: (naming) => copyingModel(session, residentOf(session, state, naming, false), naming),
      dispose: () => session.dispose(),
    };
  }
  const session = await createSession(model, { provider, driver: 'ffi', ...options });
  return {
    bind: (naming, alone) =>
      bindingModel(session, residentOf(session, state, naming, moves), naming, alone && !moves),
    dispose: () => session.dispose(),
  };
}

/** Inputs and outputs of a lowered model that are part of the state, and which output may take its input's memory; under the model's names. */
interface ResidentTensors {
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly inPlaceAdd: Readonly<Record<string, string>>;
}

interface Resident {
  /** What is fed, and what comes out besides. */
  readonly fed: readonly TensorInfo[];
  readonly yielded: readonly TensorInfo[];
  tensors(): ResidentTensors;
}

/** A model's inputs under the plan's names. */
export const renamed = (infos: readonly TensorInfo[], naming: Naming): TensorInfo[] =>
  infos.map((info) => ({ ...info, name: naming(info.name) }));

/** Reads and writes the state where it lies. */
function bindingModel(
  session: BindableSession,
  { fed, yielded, tensors }: Resident,
  naming: Naming,
  alone: boolean,
): BoundModel {
  const inputs = renamed(fed, naming);
  let kept: IoBinding | undefined;
  return {
    inputs,
    async run(feeds, place = (_, dtype, shape) => zeros(dtype, shape)) {
      const symbols = symbolsOf(inputs, feeds);
      const results = Object.fromEntries(
        yielded.map(({ name, dtype, shape }) => [
          name,
          place(
            naming(name),
            dtype,
            shape.map((dim) => evaluateDim(dim, symbols)),
          ),
        ]),
      );
      const batch = Object.fromEntries(fed.map(({ name }) => [name, feeds[naming(name)]!]));
      const bound = () => {
        const { inputs: held, outputs: written, inPlaceAdd } = tensors();
        return session.bind({
          inputs: { ...batch, ...held },
          outputs: { ...results, ...written },
          inPlaceAdd,
        });
      };
      const binding = kept ?? bound();
      if (kept) {
        // Outputs first: a batch may hold what the run before yielded.
        for (const [name, tensor] of Object.entries(results)) kept.rebindOutput(name, tensor);
        for (const [name, tensor] of Object.entries(batch)) kept.rebindInput(name, tensor);
      }
      if (alone) kept = binding;
      try {
        await binding.run();
      } finally {
        // A binding holds what it was given until its next run.
        if (!alone) binding.dispose();
      }
      return named(results, naming);
    },
  };
}

/** Copies the state into and out of the provider's memory at each run. */
function copyingModel(session: Session, { fed, tensors }: Resident, naming: Naming): BoundModel {
  const inputs = renamed(fed, naming);
  const resident = tensors();
  return {
    inputs,
    async run(feeds) {
      symbolsOf(inputs, feeds);
      const batch = Object.fromEntries(fed.map(({ name }) => [name, feeds[naming(name)]!]));
      const results = await session.run({ ...batch, ...resident.inputs });
      for (const [name, { data }] of Object.entries(resident.outputs)) {
        (data as Float32Array).set(results[name]!.data as Float32Array);
        delete results[name];
      }
      return named(results, naming);
    },
  };
}

const named = (results: Readonly<Record<string, Tensor>>, naming: Naming): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(results).map(([name, tensor]) => [naming(name), tensor]));

/** @param moves whether tensors are looked up at every run */
function residentOf(session: Session, state: TrainingState, naming: Naming, moves: boolean): Resident {
  const trained = new Map(state.trained.map((parameter) => [parameter.name, parameter]));
  const held = new Map<string, () => Tensor>();
  for (const [name, tensor] of [...state.frozen, ...state.resident]) held.set(name, () => tensor);
  const written = new Map<string, string>();
  for (const [name, parameter] of trained) {
    held.set(name, () => parameter.value);
    held.set(gradientBuffer(name), () => parameter.gradient);
    written.set(gradientOutput(name), gradientBuffer(name));
  }
  const tensors = (): ResidentTensors => {
    const inputs: Record<string, Tensor> = {};
    const outputs: Record<string, Tensor> = {};
    const inPlaceAdd: Record<string, string> = {};
    for (const { name } of session.inputs) {
      const tensor = held.get(naming(name))?.();
      if (tensor) inputs[name] = tensor;
    }
    for (const { name } of session.outputs) {
      const buffer = written.get(naming(name));
      if (buffer === undefined) continue;
      const read = session.inputs.find((input) => naming(input.name) === buffer);
      outputs[name] = read ? inputs[read.name]! : held.get(buffer)!();
      if (read) inPlaceAdd[name] = read.name;
    }
    return { inputs, outputs, inPlaceAdd };
  };
  const fixed = moves ? undefined : tensors();
  return {
    fed: session.inputs.filter(({ name }) => !held.has(naming(name))),
    yielded: session.outputs.filter(({ name }) => !written.has(naming(name))),
    tensors: () => fixed ?? tensors(),
  };
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
