import { type Checkpoint, openCheckpoint } from '../checkpoint.js';
import type { Dtype } from '../dtype.js';
import { type FileSource, readText } from '../file-source.js';
import { statedTask } from '../model-task.js';
import { withPlainCard } from '../plain-card.js';
import { safetensorsBytes, type TensorToWrite } from '../safetensors-write.js';
import { torchArchive } from '../torch-archive.js';
import { checkAgreement } from './mix-agreement.js';
import { MixError } from './mix-error.js';
import { findMixFiles, type MixFiles } from './mix-files.js';
import { copyTensor, isFloat, mixedDtype, mixTensor } from './mix-tensor.js';
import { type MixWeights, weightsOfTensors } from './mix-weights.js';
import { type StoredTensor, tensorsOfCheckpoint, tensorsOfFile } from './stored-tensor.js';

/** A model to mix. */
export interface MixModel {
  /** In messages: its directory or its name on the hub. */
  readonly name: string;
  readonly source: FileSource;
}

/** A mix that was not written yet: what `saveCheckpoint` takes. */
export interface MixedCheckpoint {
  readonly config: Readonly<Record<string, unknown>>;
  /** The encoder's, mixed one by one as they are written. */
  readonly tensors: readonly TensorToWrite[];
  /** Tokenizer and modules of the first model, mixed weights of modules and projections. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
}

/** Models that were held against each other, ready to be mixed in any proportion. */
export interface Mixture {
  /** Every tensor by its name; one of a module is `2_Dense/linear.weight`. */
  readonly names: readonly string[];
  /** Integer tensors that some models lack, which says nothing of their weights (`position_ids`). */
  readonly notes: readonly string[];
  /** @throws RangeError for weights that do not add up, MixError for integer tensors that differ */
  mix(weights: MixWeights): Promise<MixedCheckpoint>;
}

interface OpenModel {
  readonly name: string;
  readonly checkpoint: Checkpoint;
  readonly files: MixFiles;
  /** The encoder's under '', others under their stem. */
  readonly groups: ReadonlyMap<string, ReadonlyMap<string, StoredTensor>>;
}

/**
 * Opens models of one architecture that are to be mixed, as LM-Cocktail does (https://arxiv.org/abs/2311.13534): tensors by a
 * linear combination, integers copied from the first. Everything else comes from the first, too, where the models agree on it.
 * @throws MixError that lists what differs: names, shapes, config, tokenizer, modules; RangeError for fewer than two models
 */
export async function openMixture(models: readonly MixModel[]): Promise<Mixture> {
  if (models.length < 2)
    throw new RangeError(
      `models: expected at least two, got ${models.length} — name a base and a tuned model`,
    );
  const opened: OpenModel[] = [];
  for (const model of models) opened.push(await openModel(model));
  const [first, ...others] = opened as [OpenModel, ...OpenModel[]];
  const notes: string[] = [];
  for (const other of others) {
    await checkAgreement(first, other);
    notes.push(...checkTensors(first, other));
  }
  const names = [...first.groups].flatMap(([stem, tensors]) =>
    [...tensors.keys()].map((name) => fullName(stem, name)),
  );
  return { names, notes, mix: (weights) => mixOf(opened, names, weights) };
}

const fullName = (stem: string, name: string) => (stem === '' ? name : `${stem}/${name}`);

async function openModel({ name, source }: MixModel): Promise<OpenModel> {
  const checkpoint = await openCheckpoint(source);
  const files = await findMixFiles(source);
  const groups = new Map([['', tensorsOfCheckpoint(source, checkpoint.tensors)]]);
  for (const { stem, files: candidates } of files.extras)
    groups.set(stem, await tensorsOfFile(source, candidates[0]!));
  return { name, checkpoint, files, groups };
}

/** @returns notes on integer tensors that one of the two lacks */
function checkTensors(first: OpenModel, other: OpenModel): string[] {
  const [differences, notes]: [string[], string[]] = [[], []];
  for (const [stem, tensors] of first.groups) {
    const theirs = other.groups.get(stem)!;
    for (const [name, tensor] of tensors) {
      const shown = JSON.stringify(fullName(stem, name));
      const their = theirs.get(name);
      if (!isMixed(tensor.dtype))
        differences.push(`${shown} of the dtype ${tensor.dtype}, which is not mixed`);
      else if (their === undefined) {
        if (isFloat(tensor.dtype)) differences.push(`no ${shown}`);
        else
          notes.push(`${other.name}: no ${shown}, the ${tensor.dtype} numbers of ${first.name} are copied`);
      } else if (their.shape.join() !== tensor.shape.join())
        differences.push(`${shown} [${their.shape}], not [${tensor.shape}]`);
      else if (
        isFloat(their.dtype) !== isFloat(tensor.dtype) ||
        (!isFloat(tensor.dtype) && their.dtype !== tensor.dtype)
      )
        differences.push(`${shown} of the dtype ${their.dtype}, not ${tensor.dtype}`);
    }
    for (const [name, { dtype }] of theirs) {
      if (tensors.has(name)) continue;
      const shown = JSON.stringify(fullName(stem, name));
      if (isFloat(dtype) || !isMixed(dtype)) differences.push(`${shown}, which the first has not`);
      else notes.push(`${other.name}: ${shown}, ${dtype} numbers that ${first.name} has not, is left out`);
    }
  }
  if (differences.length > 0) throw new MixError([first.name, other.name], 'tensors', differences);
  return notes;
}

/** Floats are combined, whole numbers copied; eight-bit floats and complex numbers are neither. */
const isMixed = (dtype: Dtype) => isFloat(dtype) || /^([IU]\d+|BOOL)$/.test(dtype);

async function mixOf(
  models: readonly OpenModel[],
  names: readonly string[],
  options: MixWeights,
): Promise<MixedCheckpoint> {
  const weightsOf = weightsOfTensors(options, models.length, names);
  const [first] = models as [OpenModel, ...OpenModel[]];
  const mixed = (stem: string) =>
    Promise.all(
      [...first.groups.get(stem)!.keys()].map((name) => tensorToWrite(models, stem, name, weightsOf)),
    );
  const tensors = await mixed('');
  const files: Record<string, string | Uint8Array> = {};
  for (const path of first.files.copied) files[path] = await readBytes(first.checkpoint.source, path);
  for (const { stem, files: paths } of first.files.extras) {
    const group = await mixed(stem);
    for (const path of paths)
      files[path] = path.endsWith('.safetensors')
        ? await safetensorsBytes(group)
        : await torchBytes(path, group);
  }
  const config = withDtype(first.checkpoint.config, tensors);
  const sources = models.map(({ checkpoint }) => checkpoint.source);
  const { task } = await statedTask(sources[0]!, config);
  return withPlainCard({ config, tensors, files }, { task, sources });
}

async function readBytes(source: FileSource, path: string): Promise<string | Uint8Array> {
  if (!path.endsWith('.model')) return readText(source, path);
  return source.read(path, 0, await source.size(path));
}

/** A tensor of the mix; integers are compared and read now, floats when they are written. */
async function tensorToWrite(
  models: readonly OpenModel[],
  stem: string,
  name: string,
  weightsOf: (name: string) => readonly number[],
): Promise<TensorToWrite> {
  const owners = models.filter(({ groups }) => groups.get(stem)!.has(name));
  const parts = owners.map(({ groups }) => groups.get(stem)!.get(name)!);
  const { shape, dtype } = parts[0]!;
  const shown = fullName(stem, name);
  if (isFloat(dtype)) {
    const data = () => mixTensor(parts, weightsOf(shown));
    return { name, shape, dtype: mixedDtype(parts.map((part) => part.dtype)), data };
  }
  const copy = await copyTensor(parts);
  if ('bytes' in copy) return { name, shape, dtype, data: copy.bytes };
  if ('differs' in copy)
    throw new MixError([models[0]!.name, owners[copy.differs]!.name], `${dtype} numbers in "${shown}"`, [
      'others',
    ]);
  throw new RangeError(
    `${owners[copy.unreadable]!.name}: "${shown}": expected ${dtype} numbers that lie one after another, got a view of torch — save the model as safetensors`,
  );
}

async function torchBytes(path: string, group: readonly TensorToWrite[]): Promise<Uint8Array> {
  return torchArchive(
    await Promise.all(
      group.map(async ({ name, shape, data }) => {
        const values = typeof data === 'function' ? await data() : data;
        if (values instanceof Float32Array) return { name, shape, data: values };
        throw new RangeError(
          `${path}: expected numbers that are no integers, got "${name}" — save it as safetensors`,
        );
      }),
    ),
  );
}

const TORCH_NAMES: Partial<Record<Dtype, string>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' };

/** The config of the first model; where it names the dtype of its weights, that of the mix. */
function withDtype(
  config: MixedCheckpoint['config'],
  tensors: readonly TensorToWrite[],
): MixedCheckpoint['config'] {
  const dtypes = new Set(tensors.flatMap(({ dtype }) => (dtype && isFloat(dtype) ? [dtype] : [])));
  const [dtype] = dtypes;
  if (dtypes.size !== 1) return config;
  const stated = ['dtype', 'torch_dtype'].filter((key) => Object.hasOwn(config, key));
  return { ...config, ...Object.fromEntries(stated.map((key) => [key, TORCH_NAMES[dtype!]])) };
}
