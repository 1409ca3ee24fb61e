import { platform } from '#platform';
import type { Collective } from '../collectives/collective.js';
import type { Device } from '../drivers/device.js';
import type { DriverOptions } from '../drivers/driver.js';
import { SessionError } from '../error.js';
import { type ComputeOptions, memoryOf } from './compute.js';
import { deviceResidence } from './device-residence.js';
import { placedParameters, putParameter } from './group-memory.js';
import { hostResidence } from './host-residence.js';
import type { InitialState } from './initial-state.js';
import { decodeOptimizer, type OptimizerPlan } from './optimizer-model.js';
import { parameterGroups } from './parameter-groups.js';
import type { Plan } from './plan.js';
import { checkEqualStart, watchedStart } from './rank-start.js';
import { type RankedMemory, rankedMemory } from './ranked-memory.js';
import { rankedResidence } from './ranked-residence.js';
import { hostParameter } from './ranked-state.js';
import type { Residence } from './residence.js';
import { filledState, mirroredState, stateOf, type TrainingState } from './state.js';

/** Opens a device with these options for each of its sessions. */
export type OpenDevice = (options: DriverOptions) => Promise<Device>;

export interface OpenedResidence {
  readonly residence: Residence;
  readonly state: TrainingState;
  readonly optimizer: OptimizerPlan;
  /** Of one of several ranks. */
  readonly ranks?: RankedMemory;
}

/**
 * The state that a run starts with, where the provider computes: in memory of the host with `cpu` and `wasm`, on the device of the others, or on
 * the given one.
 * @throws SessionError where the provider is absent
 */
export async function openResidence(
  { initial, optimizerModel, segments }: Pick<Plan, 'initial' | 'optimizerModel' | 'segments'>,
  compute: ComputeOptions,
  openDevice: OpenDevice | undefined,
): Promise<OpenedResidence> {
  if (compute.cuda && compute.provider !== 'cuda')
    throw new SessionError(
      'cuda',
      `expected provider 'cuda' with these options, got '${compute.provider}' — leave them out`,
    );
  checkResident(initial, compute);
  const { collective } = compute;
  if (collective && collective.size > 1)
    return openRanked({ initial, optimizerModel, segments }, { ...compute, collective }, !!openDevice);
  const open = openDevice ?? (await deviceOf(compute));
  const device = await open?.(deviceOptions(compute));
  try {
    const mirror = device && (await mirroredState(initial));
    const state = mirror ?? (await stateOf(initial, memoryOf(compute)));
    const { optimizer, groupOf } = optimizerOf(optimizerModel, state);
    const residence = mirror
      ? deviceResidence(device, mirror, groupOf, optimizer)
      : hostResidence(state, groupOf, compute);
    return { residence, state, optimizer };
  } catch (error) {
    device?.dispose();
    throw error;
  }
}

function optimizerOf(model: Uint8Array, { trained }: TrainingState) {
  const names = trained.map(({ name }) => name);
  const optimizer = decodeOptimizer(model, names);
  const groups = new Map(
    optimizer.groups.flatMap(({ parameters }, group) => parameters.map((name) => [name, group])),
  );
  return { optimizer, groupOf: (name: string): number => groups.get(name)! };
}

/** The state of one of several ranks: it holds its shares, and all start with the same. */
async function openRanked(
  { initial, optimizerModel, segments }: Pick<Plan, 'initial' | 'optimizerModel' | 'segments'>,
  compute: ComputeOptions & { readonly collective: Collective },
  onDevice: boolean,
): Promise<OpenedResidence> {
  const { collective, sharding = 'none', provider } = compute;
  if (provider !== 'cpu' || onDevice)
    throw new SessionError(
      'collective',
      `expected provider 'cpu' for ${collective.size} ranks, got ${onDevice ? 'a state on a device' : `'${provider}'`} — train on the host, or in one process`,
    );
  if (sharding === 'parameters' && segments.length === 1)
    throw new SessionError(
      'sharding',
      "expected a plan that is cut between layers to share parameters, got one segment — set layer_split, or share the optimizer's state (zero_stage 1)",
    );
  const layout = parameterGroups(segments, initial.trainable, collective.size);
  const memory = rankedMemory(layout, collective, sharding);
  const placed = placedParameters(memory.groups);
  const { initial: watched, digests } = watchedStart(initial);
  const state = await filledState(
    watched,
    (name) => hostParameter(placed.get(name)!),
    memoryOf(compute),
    ({ name }, part, data) => putParameter(placed.get(name)!, part, data),
  );
  await checkEqualStart(digests, state.step, collective);
  const { optimizer, groupOf } = optimizerOf(optimizerModel, state);
  return {
    residence: rankedResidence(memory, state, placed, groupOf, compute),
    state,
    optimizer,
    ranks: memory,
  };
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
