import { architectures } from './arch/index.js';
import type { Checkpoint, TensorIndex, TensorLocation } from './checkpoint.js';
import type { EncoderConfig } from './config.js';
import { elementCount } from './dtype.js';
import { driveOf, externalFolder } from './external-folder.js';
import { initializeParameter } from './initialize.js';
import type { ParameterElements } from './lora/pack-parameter.js';
import { matchParameters, type ParameterSpec } from './match-parameters.js';
import type { WeightSource } from './model-with-weights.js';

/** The parameters of a model, wherever they are. */
export interface Weights {
  readonly sources: ReadonlyMap<string, WeightSource>;
  /** The real path of the folder that file sources lie in. */
  readonly folder?: string;
  /** Parameters that were initialised afresh. */
  readonly initialized: readonly string[];
  /** float32 elements by parameter name. */
  read(name: string): Promise<Float32Array>;
  /** The same, but half-precision codes as they lie in a file; absent where nothing lies in one. */
  elements?(name: string): Promise<ParameterElements>;
}

/**
 * Parameters that are in memory already.
 * @throws RangeError naming one that is missing, that has another number of elements, or that the model does not have
 */
export function weightsInMemory(
  arrays: ReadonlyMap<string, Float32Array>,
  wanted: readonly ParameterSpec[],
): Weights {
  const known = new Set<string>();
  for (const { name, shape } of wanted) {
    const count = arrays.get(name)?.length;
    const expected = elementCount(shape);
    known.add(name);
    if (count !== expected)
      throw new RangeError(
        `weights: expected ${expected} elements [${shape}] of "${name}", got ${count ?? 'no such parameter'} — give every parameter of the model as its config says`,
      );
  }
  const foreign = [...arrays.keys()].filter((name) => !known.has(name));
  if (foreign.length > 0)
    throw new RangeError(
      `weights: expected only parameters of the model, got ${foreign.map((name) => `"${name}"`).join(', ')} — leave them out`,
    );
  return {
    sources: new Map([...arrays].map(([name, data]) => [name, { data }])),
    initialized: [],
    read: async (name) => arrays.get(name)!,
  };
}

/** A checkpoint whose files are read into memory even where they are on this machine: for sessions that read no files. */
export function heldInMemory(checkpoint: Checkpoint): Checkpoint {
  const { localPath: _, ...source } = checkpoint.source;
  return { ...checkpoint, source };
}

/**
 * The parameters of a checkpoint, of a task model (`bert.encoder…`, `classifier…`) or of the encoder alone (`encoder…`): in place where its files are on this machine, else read into memory; a head that it
 * lacks is initialised afresh from the seed. `task` names the adapter that is added to the weights, where the checkpoint carries some. Weights that adapters are
 * added to are in place too, their adapters beside them.
 * @throws ParameterMatchError naming each tensor that is missing, unexpected or of another shape
 */
export async function weightsOfCheckpoint(
  checkpoint: Checkpoint,
  config: EncoderConfig,
  wanted: readonly ParameterSpec[],
  { newHead, seed = 42, task }: { newHead?: boolean; seed?: number; task?: string },
): Promise<Weights> {
  const architecture = architectures[config.model_type];
  const { baseModelPrefix: prefix, hubPrefix, headPrefixes, otherHeads, spareTensors } = architecture;
  const tensors = plainTensors(checkpoint, config, task);
  const bareEncoder = !wanted.some(({ name }) => name.startsWith(`${prefix}.`));
  const match = matchParameters(wanted, tensors, {
    prefix,
    heads: bareEncoder ? [] : headPrefixes,
    ...(hubPrefix === undefined ? {} : { hubPrefix }),
    ...(otherHeads === undefined ? {} : { otherHeads }),
    ...(spareTensors === undefined ? {} : { spareTensors }),
    ...(newHead === undefined ? {} : { newHead }),
  });
  const fresh = new Map(
    wanted
      .filter(({ name }) => match.initialized.includes(name))
      .map((spec) => [spec.name, initializeParameter(spec, config, seed)] as const),
  );
  const { sources, folder } = await placeWeights(checkpoint, tensors, match.sources);
  for (const [name, data] of fresh) sources.set(name, { data });
  const read = async (name: string) => fresh.get(name) ?? tensors.read(match.sources.get(name) ?? name);
  return {
    sources,
    ...(folder === undefined ? {} : { folder }),
    initialized: match.initialized,
    read,
    async elements(name) {
      const tensor = match.sources.get(name);
      const place = tensor === undefined ? undefined : tensors.location(tensor);
      const dtype = place && half[place.dtype];
      if (!dtype) return read(name);
      const bytes = await checkpoint.source.read(place.file, place.offset, place.length);
      const { buffer, byteOffset } = bytes.byteOffset % 2 === 0 ? bytes : bytes.slice();
      return { dtype, codes: new Uint16Array(buffer, byteOffset, place.length / 2) };
    },
  };
}

/**
 * A checkpoint's tensors under the names of its parameters: where a family keeps weights in parts, put together.
 * @param task the adapter that is added to the weights, where the checkpoint carries some
 * @throws RangeError for a task that the checkpoint does not have
 */
export function plainTensors(
  { tensors, config: json }: Checkpoint,
  config: EncoderConfig,
  task?: string,
): TensorIndex {
  const { plainTensors } = architectures[config.model_type];
  if (task !== undefined && plainTensors === undefined)
    throw new RangeError(
      `task: expected none for a model of type "${config.model_type}", which has no adapters, got ${JSON.stringify(task)} — leave it out`,
    );
  return plainTensors?.(tensors, json, task) ?? tensors;
}

/** A parameter whose elements lie in a file of this machine. */
interface PlacedTensor {
  readonly name: string;
  readonly tensor: string;
  /** Real, of the file. */
  readonly path: string;
  readonly place: TensorLocation;
  readonly dtype: HalfOrSingle;
  /** Whether it is the checkpoint's own, or an adapter's in its place. */
  readonly isOwn: boolean;
}

/** Where each parameter's elements are: in place if their file is on this machine, else read. @throws RangeError for shards on several drives */
async function placeWeights(
  { source }: Pick<Checkpoint, 'source'>,
  tensors: TensorIndex,
  wanted: ReadonlyMap<string, string>,
): Promise<{ readonly sources: Map<string, WeightSource>; readonly folder: string | undefined }> {
  const placed: PlacedTensor[] = [];
  const unplaced: Pick<PlacedTensor, 'name' | 'tensor'>[] = [];
  for (const [name, tensor] of wanted) {
    const parts = source.localPath && tensors.parts?.(tensor);
    const place = parts?.location ?? tensors.location(tensor);
    const dtype = place && halfOrSingle[place.dtype];
    const path = dtype && (await (parts?.source ?? source).localPath?.(place.file));
    if (path && dtype) placed.push({ name, tensor, path, place, dtype, isOwn: parts?.source === undefined });
    else unplaced.push({ name, tensor });
  }
  const home = placed.find(({ isOwn }) => isOwn) ?? placed[0];
  // An adapter may lie on another drive than its base model.
  const isNear = ({ isOwn, path }: PlacedTensor) => isOwn || driveOf(path) === driveOf(home!.path);
  const near = placed.filter(isNear);
  const external = externalFolder(near.map(({ path }) => path));
  if (near.length > 0 && !external)
    throw new RangeError(
      `weights: expected all shards on one drive, got ${[...new Set(near.map(({ path }) => path))].join(' and ')} — move them together`,
    );
  const sources = new Map<string, WeightSource>();
  for (const { name, tensor, path, place, dtype } of near) {
    const file = { location: external!.location(path), offset: place.offset, length: place.length };
    const adapters = (await tensors.parts?.(tensor)?.adapters()) ?? [];
    sources.set(name, { file, dtype, ...(adapters.length > 0 && { adapters }) });
  }
  for (const { name, tensor } of [...unplaced, ...placed.filter((one) => !isNear(one))])
    sources.set(name, { data: await tensors.read(tensor) });
  return { sources, folder: external?.folder };
}

const half: Partial<Record<string, 'float16' | 'bfloat16'>> = { F16: 'float16', BF16: 'bfloat16' };
type HalfOrSingle = 'float32' | 'float16' | 'bfloat16';
const halfOrSingle: Partial<Record<string, HalfOrSingle>> = { F32: 'float32', ...half };
