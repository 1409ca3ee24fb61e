import {
  type FileSource,
  FileSourceError,
  readSafetensorsHeader,
  readTensor,
  SafetensorsError,
  type TensorEntry,
  type TensorToWrite,
} from '@rag/models';
import type { CheckpointToSave } from '@rag/models/node';
import { type SessionState, STATE_PARTS, type StatePart } from '@rag/runtime';
import { CheckpointError } from './checkpoint-error.js';
import { floatDigest } from './float-digest.js';

/** The file of a checkpoint that holds what training needs beside the model. */
export const STATE_FILE = 'optimizer.safetensors';
const WEIGHTS_FILE = 'model.safetensors';

/** Moments are named as in a state dict of torch.optim.AdamW; a value stands under its parameter's own name. */
const tensorName = (parameter: string, part: StatePart): string =>
  ({ value: parameter, first: `${parameter}.exp_avg`, second: `${parameter}.exp_avg_sq` })[part];

/** Where a parameter's state lies in a checkpoint. */
export interface StoredParameter {
  /** Its tensor in model.safetensors, where that holds its value bit for bit; else optimizer.safetensors does. */
  readonly tensor?: string;
  /** `floatDigest` of value and moments. */
  readonly digests: readonly [value: number, first: number, second: number];
}

/** Every trained parameter by its name. */
export type StoredParameters = Readonly<Record<string, StoredParameter>>;

/**
 * A model with the state of its training beside it. A value that the model's own file holds as it is, float32, is not written twice;
 * that of an adapter, or of a model that is saved merged or narrower, is.
 * @param stored what was written, once it was
 */
export async function withState(
  model: CheckpointToSave,
  state: SessionState,
): Promise<{ readonly model: CheckpointToSave; stored(): StoredParameters }> {
  const digests = new Map<string, number>();
  const inModel = new Map<string, string>();
  /** By buffer and offset: parameters of several ranks share buffers. */
  const owners = new Map<ArrayBufferLike, Map<number, string>>();
  for (const { name } of state.parameters) {
    const { buffer, byteOffset } = await state.read(name, 'value');
    owners.set(buffer, (owners.get(buffer) ?? new Map<number, string>()).set(byteOffset, name));
  }
  const watched = (tensor: TensorToWrite): TensorToWrite => ({
    ...tensor,
    data: async () => {
      const data = await (typeof tensor.data === 'function' ? tensor.data() : tensor.data);
      const owner = owners.get(data.buffer)?.get(data.byteOffset);
      if (owner !== undefined && (tensor.dtype ?? 'F32') === 'F32' && data instanceof Float32Array) {
        const value = await state.read(owner, 'value');
        if (data.byteOffset === value.byteOffset && data.length === value.length) {
          inModel.set(owner, tensor.name);
          digests.set(tensorName(owner, 'value'), floatDigest(value));
        }
      }
      return data;
    },
  });
  const written = (parameter: string, shape: readonly number[], part: StatePart): TensorToWrite => ({
    ...{ name: tensorName(parameter, part), shape },
    data: async () => {
      const data = await state.read(parameter, part);
      digests.set(tensorName(parameter, part), floatDigest(data));
      return data;
    },
  });
  const stateTensors = (): TensorToWrite[] =>
    state.parameters.flatMap(({ name, shape }) =>
      STATE_PARTS.filter((part) => part !== 'value' || !inModel.has(name)).map((part) =>
        written(name, shape, part),
      ),
    );
  return {
    model: {
      ...model,
      tensors: [...model.tensors].map(watched),
      tensorFiles: { ...model.tensorFiles, [STATE_FILE]: stateTensors },
    },
    stored: () =>
      Object.fromEntries(
        state.parameters.map(({ name }) => {
          const [value, first, second] = STATE_PARTS.map((part) => digests.get(tensorName(name, part))!);
          const tensor = inModel.get(name);
          return [
            name,
            { ...(tensor !== undefined && { tensor }), digests: [value!, first!, second!] as const },
          ];
        }),
      ),
  };
}

/**
 * Opens the state of a checkpoint; its tensors are read, and held against their checksums, when they are asked for.
 * @param path the checkpoint's directory, for errors
 * @throws CheckpointError where a file or a tensor is missing or damaged
 */
export async function openState(
  source: FileSource,
  path: string,
  {
    stored,
    step,
    lossScale,
  }: { readonly stored: StoredParameters } & Pick<SessionState, 'step' | 'lossScale'>,
): Promise<SessionState> {
  const headerOf = (file: string) =>
    readSafetensorsHeader(source, file).catch((cause: unknown) => {
      if (cause instanceof SafetensorsError)
        throw new CheckpointError(`${path}/${file}`, cause.problem, { cause });
      if (cause instanceof FileSourceError)
        throw new CheckpointError(`${path}/${file}`, 'expected a file that can be read, got none', { cause });
      throw cause;
    });
  const { tensors } = await headerOf(STATE_FILE);
  const isInModel = Object.values(stored).some(({ tensor }) => tensor !== undefined);
  const weights = isInModel ? (await headerOf(WEIGHTS_FILE)).tensors : undefined;
  const found = (name: string, file: string, entry: TensorEntry | undefined): TensorEntry => {
    if (entry?.dtype === 'F32') return entry;
    throw new CheckpointError(
      `${path}/${file}`,
      `expected "${name}" in float32, got ${entry ? entry.dtype : 'none'}`,
    );
  };
  const entryOf = (parameter: string, part: StatePart): TensorEntry => {
    const { tensor } = stored[parameter]!;
    if (part === 'value' && tensor !== undefined) return found(tensor, WEIGHTS_FILE, weights?.get(tensor));
    const name = tensorName(parameter, part);
    return found(name, STATE_FILE, tensors.get(name));
  };
  return {
    step,
    ...(lossScale && { lossScale }),
    parameters: Object.keys(stored).map((name) => ({ name, shape: entryOf(name, 'first').shape })),
    async read(parameter, part) {
      const entry = entryOf(parameter, part);
      const data = await readTensor(source, entry);
      const [expected, got] = [stored[parameter]!.digests[STATE_PARTS.indexOf(part)], floatDigest(data)];
      if (got === expected) return data;
      throw new CheckpointError(
        `${path}/${entry.file}`,
        `expected "${entry.name}" with the checksum ${expected}, got ${got}: the file was damaged`,
      );
    },
  };
}
