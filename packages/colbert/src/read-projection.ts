import {
  type Checkpoint,
  ConfigError,
  type FileSource,
  type HiddenAct,
  readJsonObject,
  readPytorchFile,
  readSafetensorsHeader,
  readTensor,
} from '@rag/models';
import type { ProjectionLayer } from './colbert-settings.js';
import type { DirectorySettings } from './directory-settings.js';
import { statedFields } from './stated-fields.js';

/** The projection of a directory: its layers, and their parameters by name. */
export interface Projection {
  readonly layers: readonly ProjectionLayer[];
  readonly weights: ReadonlyMap<string, Float32Array>;
}

/** A tensor of a small file, whichever format it is in. */
interface StoredTensor {
  readonly shape: readonly number[];
  read(): Promise<Float32Array>;
}
type StoredTensors = ReadonlyMap<string, StoredTensor>;

/** RAG-Retrieval's state dict of the linear layer, and the same tensors as safetensors. */
export const LINEAR_FILES = {
  pytorch: 'colbert_linear.pt',
  safetensors: 'colbert_linear.safetensors',
} as const;

/**
 * The projection that a directory has, if it has one: `colbert_linear.safetensors` or `colbert_linear.pt`, PyLate's Dense folders, or
 * `linear.weight` among the model's own tensors.
 * @throws ConfigError, SafetensorsError or PytorchFileError naming the file; RangeError for two files that differ
 */
export async function readProjection(
  { source, tensors }: Checkpoint,
  { settings, denseFolders }: DirectorySettings,
): Promise<Projection | undefined> {
  if (settings.layout === 'pylate') return readDense(source, denseFolders);
  const stored =
    settings.layout === 'colbertv2'
      ? new Map(
          tensors.names
            .filter(isLinear)
            .map((name) => [
              name.slice('linear.'.length),
              { shape: tensors.shape(name), read: () => tensors.read(name) },
            ]),
        )
      : await readLinearFiles(source);
  if (!stored || stored.size === 0) return undefined;
  const where = settings.layout === 'colbertv2' ? 'linear' : 'colbert_linear';
  const weight = stored.get('weight');
  if (weight?.shape.length !== 2)
    throw new ConfigError('weight', 'a matrix [dim, hidden]', weight?.shape, 'fetch the file again', where);
  const [out, width] = weight.shape as [number, number];
  const bias = stored.has('bias');
  return readLayers([
    {
      layer: { name: 'linear', in: width, out, bias, activation: 'identity', residual: false },
      stored,
      where,
      prefix: '',
    },
  ]);
}

/** Whether a tensor of Stanford's model file belongs to the projection. */
export const isLinear = (name: string): boolean => name.startsWith('linear.');

async function readLinearFiles(source: FileSource): Promise<StoredTensors | undefined> {
  const present = new Set(await source.list());
  const { pytorch, safetensors } = LINEAR_FILES;
  const found = [safetensors, pytorch].filter((file) => present.has(file));
  const [first, second] = await Promise.all(found.map((file) => readTensors(source, file)));
  if (first && second) await expectEqual(first, second);
  return first;
}

/** Two files of one layer that disagree: one of them is from another training. */
async function expectEqual(first: StoredTensors, second: StoredTensors): Promise<void> {
  const { pytorch, safetensors } = LINEAR_FILES;
  for (const name of new Set([...first.keys(), ...second.keys()])) {
    const [a, b] = await Promise.all([first.get(name)?.read(), second.get(name)?.read()]);
    if (a?.length !== b?.length || a?.some((value, i) => !Object.is(value, b?.[i])))
      throw new RangeError(
        `${safetensors}: expected the same "${name}" as in ${pytorch}, got another — delete the file that is older`,
      );
  }
}

async function readTensors(source: FileSource, file: string): Promise<StoredTensors> {
  if (!file.endsWith('.safetensors')) return readPytorchFile(source, file);
  const { tensors } = await readSafetensorsHeader(source, file);
  return new Map(
    [...tensors].map(([name, entry]) => [
      name,
      { shape: entry.shape, read: () => readTensor(source, entry) },
    ]),
  );
}

/** The names that torch gives to what PyLate writes as `activation_function`. */
export const ACTIVATION_CLASSES: { readonly [Name in ProjectionLayer['activation']]?: string } = {
  identity: 'torch.nn.modules.linear.Identity',
  gelu: 'torch.nn.modules.activation.GELU',
  relu: 'torch.nn.modules.activation.ReLU',
  silu: 'torch.nn.modules.activation.SiLU',
  tanh: 'torch.nn.modules.activation.Tanh',
};

async function readDense(source: FileSource, folders: readonly string[]): Promise<Projection | undefined> {
  if (folders.length === 0) return undefined;
  const parts = await Promise.all(
    folders.map(async (folder, i) => {
      const where = `${folder}/config.json`;
      const json = await readJsonObject(source, where);
      const fields = statedFields(json, where);
      const input = fields.string('module_input_name', 'token_embeddings');
      if (input !== 'token_embeddings')
        throw new ConfigError(
          'module_input_name',
          '"token_embeddings"',
          input,
          'this Dense is of another kind of model',
          where,
        );
      const stated = fields.string('activation_function', ACTIVATION_CLASSES.identity!);
      const activation = Object.entries(ACTIVATION_CLASSES).find(([, name]) => name === stated)?.[0];
      if (activation === undefined)
        throw new ConfigError(
          'activation_function',
          `one of ${Object.values(ACTIVATION_CLASSES).join(', ')}`,
          stated,
          'this package does not compute it',
          where,
        );
      const file = (await source.list(folder)).includes('model.safetensors')
        ? `${folder}/model.safetensors`
        : `${folder}/pytorch_model.bin`;
      const layer: ProjectionLayer = {
        name: folders.length === 1 ? 'linear' : `${i + 1}_Dense`,
        in: fields.count('in_features', 0),
        out: fields.count('out_features', 0),
        bias: fields.boolean('bias', true),
        activation: activation as HiddenAct | 'identity',
        residual: fields.boolean('use_residual', false),
      };
      return { layer, stored: await readTensors(source, file), where: file, prefix: 'linear.' };
    }),
  );
  return readLayers(parts);
}

/** Every tensor of the layers' parameters, of the shape that they say; others are refused. */
async function readLayers(
  parts: readonly { layer: ProjectionLayer; stored: StoredTensors; where: string; prefix: string }[],
): Promise<Projection> {
  const weights = new Map<string, Float32Array>();
  for (const { layer, stored, where, prefix } of parts) {
    const { name, in: width, out, bias, residual } = layer;
    const wanted = [
      { stored: `${prefix}weight`, name: `${name}.weight`, shape: [out, width] },
      ...(bias ? [{ stored: `${prefix}bias`, name: `${name}.bias`, shape: [out] }] : []),
      ...(residual && width !== out
        ? [{ stored: 'residual.weight', name: `${name}.residual.weight`, shape: [out, width] }]
        : []),
    ];
    for (const parameter of wanted) {
      const tensor = stored.get(parameter.stored);
      const shape = tensor?.shape;
      if (
        !tensor ||
        shape?.length !== parameter.shape.length ||
        shape.some((size, i) => size !== parameter.shape[i])
      )
        throw new ConfigError(
          parameter.stored,
          `a tensor [${parameter.shape}]`,
          shape,
          'fetch the file again',
          where,
        );
      weights.set(parameter.name, await tensor.read());
    }
    const known = new Set(wanted.map((parameter) => parameter.stored));
    const foreign = [...stored.keys()].find((tensor) => !known.has(tensor));
    if (foreign !== undefined)
      throw new ConfigError(
        foreign,
        'no such tensor',
        'one',
        'use the config.json that belongs to the weights',
        where,
      );
  }
  return { layers: parts.map(({ layer }) => layer), weights };
}
