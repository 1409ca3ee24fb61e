import { readModelProto } from '@rag/onnx';
import { gradientBuffer } from '../artifacts/names.js';
import type { Device, DeviceModel, DeviceTensor } from '../drivers/device.js';
import { SessionError } from '../error.js';
import { zeros } from '../tensor.js';
import { type BoundModel, renamed, symbolsOf } from './bound-model.js';
import { openDeviceOptimizer } from './device-optimizer.js';
import { type DeviceState, downloadState, freeState, uploadState } from './device-state.js';
import { gradientOutput } from './lower.js';
import type { OptimizerPlan } from './optimizer-model.js';
import type { Residence } from './residence.js';
import { known } from './saved-state.js';
import type { Naming } from './segment-names.js';
import { arrayOf, type mirroredState } from './state.js';

/**
 * A state in the memory of a device. Every run reads tensors and gives new ones, which replace the old: a model's gradients, an update's
 * parameters and moments. It goes up before the first run, and comes down in `synchronize` only. The device is the residence's to dispose.
 */
export function deviceResidence(
  device: Device,
  state: Awaited<ReturnType<typeof mirroredState>>,
  groupOf: (parameter: string) => number,
  plan: OptimizerPlan,
): Residence {
  const parameters = state.trained.map(({ name, value }) => ({
    name,
    shape: value.shape,
    group: groupOf(name),
  }));
  const optimizer = openDeviceOptimizer(device, parameters, plan);
  const gradients = new Map(parameters.map(({ name }) => [gradientOutput(name), name]));
  let resident: Promise<DeviceState> | undefined;
  /** Whether the state's arrays hold what the device holds. */
  let mirrors = true;
  let broken: SessionError | undefined;
  let disposed = false;

  async function ready(): Promise<DeviceState> {
    if (broken) throw broken;
    resident ??= uploadState(device, state);
    try {
      return await resident;
    } catch (error) {
      resident = undefined;
      throw error;
    }
  }

  /** The device's state is about to change. */
  function moveOn(): void {
    mirrors = false;
    for (const parameter of state.trained) parameter.drop();
  }

  function forgetDevice(): void {
    void resident?.then(freeState, () => {});
    resident = undefined;
  }

  function replaceGradients(there: DeviceState, given: Readonly<Record<string, DeviceTensor>>): void {
    moveOn();
    for (const [output, tensor] of Object.entries(given)) {
      const own = there.trained.get(gradients.get(output)!)!;
      own.gradient?.dispose();
      own.gradient = tensor;
      if (disposed) tensor.dispose();
    }
  }

  function boundModel(model: DeviceModel, kept: readonly string[], naming: Naming): BoundModel {
    const own = new Set([
      ...state.frozen.keys(),
      ...state.resident.keys(),
      ...parameters.flatMap(({ name }) => [name, gradientBuffer(name)]),
    ]);
    const fed = model.inputs.filter(({ name }) => !own.has(naming(name)));
    const inputs = renamed(fed, naming);
    return {
      inputs,
      async run(feeds) {
        symbolsOf(inputs, feeds);
        const there = await ready();
        const held = new Map<string, () => DeviceTensor>();
        for (const [name, tensor] of there.frozen) held.set(name, () => tensor);
        for (const [name, { value, gradient }] of there.trained) {
          held.set(name, () => value);
          held.set(gradientBuffer(name), () => existing(gradient, name));
        }
        const all = Object.fromEntries(
          model.inputs.map(({ name }) => [name, held.get(naming(name))?.() ?? feeds[naming(name)]!]),
        );
        const { device: given, host } = await model.run(all);
        const named = <T>(results: Readonly<Record<string, T>>): Record<string, T> =>
          Object.fromEntries(Object.entries(results).map(([name, tensor]) => [naming(name), tensor]));
        if (kept.length > 0) replaceGradients(there, named(given));
        return named(host);
      },
    };
  }

  return {
    async openModel(bytes) {
      const { output = [] } = readModelProto(bytes).graph ?? {};
      const kept = output.map(({ name }) => name).filter((name) => gradients.has(name));
      const model = await device.openModel(bytes, new Set(kept));
      return {
        bind: (naming) => boundModel(model, kept, naming),
        dispose: () => model.dispose(),
      };
    },
    async zeroGradients(names) {
      const there = await ready();
      const given: Record<string, DeviceTensor> = {};
      for (const { name, shape } of parameters)
        if (names?.has(name) ?? true)
          given[gradientOutput(name)] = await device.upload(zeros('float32', shape));
      replaceGradients(there, given);
    },
    globalNorm: async (scale) => (await optimizer.norm(gradientsOf(await ready()))) * Math.abs(scale),
    async adamw(settings, step, scale) {
      const there = await ready();
      moveOn();
      try {
        await optimizer.update(there.trained, settings, step, scale);
        if (disposed) freeState(there);
      } catch (cause) {
        broken = new SessionError(
          'training state',
          'expected every parameter to be updated, got a failure among them — restore() a snapshot, or create the session again',
          { cause },
        );
        throw cause;
      }
    },
    checkHost(where) {
      if (mirrors) return;
      throw new SessionError(
        where,
        'expected a state that was read from the device, got one that has changed there — await synchronize() before',
      );
    },
    async synchronize() {
      if (mirrors) return;
      await downloadState(device, await ready(), state);
      mirrors = true;
    },
    async read(parameter, part) {
      const own = known(state, parameter);
      if (mirrors) return arrayOf(own, part);
      const there = (await ready()).trained.get(parameter)!;
      return (await device.download(there[part])).data as Float32Array;
    },
    write: (parameter, part, data) => arrayOf(known(state, parameter), part).set(data),
    takeHost() {
      mirrors = true;
      broken = undefined;
      forgetDevice();
    },
    dispose() {
      if (disposed) return;
      disposed = true;
      forgetDevice();
      optimizer.dispose();
      device.dispose();
    },
  };
}

function existing(gradient: DeviceTensor | undefined, name: string): DeviceTensor {
  if (gradient) return gradient;
  throw new SessionError(
    `gradient of "${name}"`,
    'expected one on the device, got none — accumulate() first',
  );
}

const gradientsOf = ({ trained }: DeviceState): ReadonlyMap<string, DeviceTensor> =>
  new Map([...trained].map(([name, { gradient }]) => [name, existing(gradient, name)]));
