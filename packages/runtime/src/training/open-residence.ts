import { platform } from '#platform';
import type { Device } from '../drivers/device.js';
import type { DriverOptions } from '../drivers/driver.js';
import { SessionError } from '../error.js';
import { type ComputeOptions, memoryOf } from './compute.js';
import { deviceResidence } from './device-residence.js';
import { hostResidence } from './host-residence.js';
import type { InitialState } from './initial-state.js';
import { decodeOptimizer, type OptimizerPlan } from './optimizer-model.js';
import type { Residence } from './residence.js';
import { mirroredState, stateOf, type TrainingState } from './state.js';

/** Opens a device with these options for each of its sessions. */
export type OpenDevice = (options: DriverOptions) => Promise<Device>;

export interface OpenedResidence {
  readonly residence: Residence;
  readonly state: TrainingState;
  readonly optimizer: OptimizerPlan;
}

/**
 * The state that a run starts with, where the provider computes: in memory of the host with `cpu` and `wasm`, on the device of the others, or on
 * the given one.
 * @throws SessionError where the provider is absent
 */
export async function openResidence(
  initial: InitialState,
  optimizerModel: Uint8Array,
  compute: ComputeOptions,
  openDevice: OpenDevice | undefined,
): Promise<OpenedResidence> {
  if (compute.cuda && compute.provider !== 'cuda')
    throw new SessionError(
      'cuda',
      `expected provider 'cuda' with these options, got '${compute.provider}' — leave them out`,
    );
  checkResident(initial, compute);
  const open = openDevice ?? (await deviceOf(compute));
  const device = await open?.(deviceOptions(compute));
  try {
    const mirror = device && mirroredState(initial);
    const state = mirror ?? stateOf(initial, memoryOf(compute));
    const names = state.trained.map(({ name }) => name);
    const optimizer = decodeOptimizer(optimizerModel, names);
    const groups = new Map(
      optimizer.groups.flatMap(({ parameters }, group) => parameters.map((name) => [name, group])),
    );
    const groupOf = (name: string): number => groups.get(name)!;
    const residence = mirror
      ? deviceResidence(device, mirror, groupOf, optimizer)
      : hostResidence(state, groupOf, compute);
    return { residence, state, optimizer };
  } catch (error) {
    device?.dispose();
    throw error;
  }
}

/** onnxruntime-web has no bfloat16 inputs. */
function checkResident({ resident }: InitialState, { provider }: ComputeOptions): void {
  if (provider === 'cpu' || provider === 'cuda') return;
  const narrow = resident.find(({ dtype }) => dtype === 'bfloat16');
  if (narrow)
    throw new SessionError(
      `parameter "${narrow.name}"`,
      `expected a type that ${provider} is fed, got bfloat16 — store it as float16, or train with cpu`,
    );
}

async function deviceOf({ provider }: ComputeOptions): Promise<OpenDevice | undefined> {
  if (provider === 'cpu' || provider === 'wasm') return undefined;
  const load = platform.devices[provider];
  if (!load)
    throw new SessionError(
      `provider '${provider}'`,
      "expected a provider that a page has — train with 'webgpu' or 'wasm' in a browser",
    );
  return load();
}

const deviceOptions = ({ provider, threads, cuda }: ComputeOptions): DriverOptions => ({
  provider,
  ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
  ...(cuda === undefined ? {} : { cuda }),
  // Shapes vary from batch to batch: a pattern per shape would only hold memory.
  enableMemPattern: false,
  config: {
    // It would merge what `recomputeActivations` computes twice to save memory.
    'optimization.disable_specified_optimizers': 'CommonSubexpressionElimination',
  },
});
