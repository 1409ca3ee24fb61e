import {
  architectures,
  ConfigError,
  type EncoderConfig,
  type FileSource,
  FileSourceError,
  OptionError,
  readJsonObject,
  readPytorchFile,
  readSafetensorsHeader,
  readTensor,
  safetensorsBytes,
} from '@rag/models';
import {
  type DenseSpec,
  type EmbeddingHead,
  embeddingDimension,
  type PoolingMode,
} from './embedding-head.js';
import { type EmbeddingSettings, readSettings, settingsToJson } from './embedding-settings.js';
import { checkFeatures, denseToJson, parseDense, parsePooling, poolingToJson } from './module-config.js';
import { readModuleList } from './module-list.js';

/** What a directory holds beside the encoder. */
export interface EmbeddingFiles {
  readonly head: EmbeddingHead;
  /** Whether modules.json or `pooling` says how vectors are made; else the head is the usual one of an encoder. */
  readonly isStated: boolean;
  readonly settings: EmbeddingSettings;
  /** The Dense modules' parameters, float32, by the names that `DenseSpec` says. */
  readonly weights: ReadonlyMap<string, Float32Array>;
}

/**
 * Reads the modules of a sentence-transformers directory, or makes those of a bare encoder: the pooling that is asked for, by
 * default the mean without Normalize, as sentence-transformers makes them of such a checkpoint.
 * @param pooling for a bare encoder only
 * @throws ConfigError, FileSourceError, SafetensorsError or PytorchFileError naming file and field; RangeError for modules that do
 * not fit together and for a `pooling` that the directory states itself
 */
export async function readEmbeddingFiles(
  source: FileSource,
  config: EncoderConfig,
  pooling?: readonly PoolingMode[],
): Promise<EmbeddingFiles> {
  const settings = await readSettings(source);
  if (!(await source.list()).includes('modules.json'))
    return {
      head: { pooling: pooling ?? ['mean'], includePrompt: true, dense: [], normalize: false },
      isStated: pooling !== undefined,
      settings,
      weights: new Map(),
    };
  if (pooling !== undefined)
    throw new OptionError(
      'pooling',
      `expected none for a directory with modules.json, which states it, got ${pooling.join(', ')}`,
      'leave it out',
    );
  const [, pooler, ...others] = await readModuleList(source, config.model_type);
  const file = `${pooler!.path}/config.json`;
  const pooled = parsePooling(await readJsonObject(source, file), config.hidden_size, file);
  const dense: DenseSpec[] = [];
  let normalize = false;
  for (const { kind, path } of others) {
    const where = `${path}/config.json`;
    if (kind === 'Dense') dense.push(parseDense(await readJsonObject(source, where), path, where));
    else {
      normalize = true;
      // Before version 6 a Normalize had an empty folder or none.
      if (await isThere(source, path, 'config.json'))
        checkFeatures(await readJsonObject(source, where), where);
    }
  }
  const head = { ...pooled, dense, normalize };
  embeddingDimension(config, head);
  const weights = new Map<string, Float32Array>();
  for (const spec of dense) for (const [name, data] of await readDense(source, spec)) weights.set(name, data);
  return { head, isStated: true, settings, weights };
}

const isThere = async (source: FileSource, folder: string, name: string): Promise<boolean> => {
  const names = await source.list(folder).catch((error: unknown): string[] => {
    if (error instanceof FileSourceError) return [];
    throw error;
  });
  return names.includes(name);
};

/** The names and shapes of a Dense's parameters within its own file. */
const shapesOf = ({ in: width, out, bias }: DenseSpec): [name: string, shape: readonly number[]][] => [
  ['linear.weight', [out, width]],
  ...(bias ? [['linear.bias', [out]] as [string, number[]]] : []),
];

const WEIGHT_FILES = ['model.safetensors', 'pytorch_model.bin'] as const;

async function readDense(source: FileSource, spec: DenseSpec): Promise<[string, Float32Array][]> {
  const names = await source.list(spec.name);
  const file = WEIGHT_FILES.find((name) => names.includes(name));
  if (file === undefined)
    throw new FileSourceError(
      spec.name,
      `${spec.name}: expected model.safetensors or pytorch_model.bin, got ${names.join(', ') || 'an empty folder'} — fetch it`,
    );
  const path = `${spec.name}/${file}`;
  const tensors: ReadonlyMap<string, { shape: readonly number[]; read(): Promise<Float32Array> }> =
    file === 'pytorch_model.bin'
      ? await readPytorchFile(source, path)
      : new Map(
          [...(await readSafetensorsHeader(source, path)).tensors].map(([name, entry]) => [
            name,
            { shape: entry.shape, read: () => readTensor(source, entry) },
          ]),
        );
  const wanted = shapesOf(spec);
  const foreign = [...tensors.keys()].filter((name) => !wanted.some(([known]) => known === name));
  if (foreign.length > 0)
    throw new ConfigError(
      '(tensors)',
      'only linear.weight and linear.bias',
      foreign,
      'this module is not one that this package can run',
      path,
    );
  return Promise.all(
    wanted.map(async ([name, shape]) => {
      const tensor = tensors.get(name);
      if (tensor?.shape.join() !== shape.join())
        throw new ConfigError(
          name,
          `a tensor [${shape}]`,
          tensor?.shape,
          'use the config.json that belongs to the weights',
          path,
        );
      return [`${spec.name}.${name}`, await tensor!.read()] as [string, Float32Array];
    }),
  );
}

/**
 * The files that make a checkpoint directory one of sentence-transformers, by their paths; versions 2 to 6 read them, but for modes
 * of pooling in an order of their own, which need 6.
 * @param read a Dense's parameter by its full name
 */
export async function embeddingFiles(
  config: EncoderConfig,
  head: EmbeddingHead,
  settings: EmbeddingSettings,
  read: (name: string) => Promise<Float32Array>,
): Promise<Record<string, string | Uint8Array>> {
  const text = (json: unknown) => `${JSON.stringify(json, null, 2)}\n`;
  const { encoder, model } = settingsToJson(settings);
  const files: Record<string, string | Uint8Array> = {
    'sentence_bert_config.json': text(encoder),
    'config_sentence_transformers.json': text(model),
    '1_Pooling/config.json': text(poolingToJson(head, config.hidden_size)),
  };
  const modules = [
    ['', 'Transformer'],
    ['1_Pooling', 'Pooling'],
  ];
  for (const spec of head.dense) {
    modules.push([spec.name, 'Dense']);
    files[`${spec.name}/config.json`] = text(denseToJson(spec));
    files[`${spec.name}/model.safetensors`] = await safetensorsBytes(
      await Promise.all(
        shapesOf(spec).map(async ([name, shape]) => ({
          name,
          shape,
          data: await read(`${spec.name}.${name}`),
        })),
      ),
    );
  }
  if (head.normalize) {
    const path = `${modules.length}_Normalize`;
    modules.push([path, 'Normalize']);
    files[`${path}/config.json`] = text({});
  }
  files['modules.json'] = text(
    modules.map(([path, kind], idx) => ({
      idx,
      name: String(idx),
      path,
      type: `sentence_transformers.models.${kind}`,
    })),
  );
  return files;
}

/** Every parameter of a head: names and shapes. */
export const headParameters = (head: EmbeddingHead): { name: string; shape: readonly number[] }[] =>
  head.dense.flatMap((spec) =>
    shapesOf(spec).map(([name, shape]) => ({ name: `${spec.name}.${name}`, shape })),
  );

/**
 * Refuses to guess how a decoder's token vectors become one: published ones take the last token's or the mean, and neither is the usual one.
 * @throws OptionError
 */
export function expectStated({ isStated }: EmbeddingFiles, { model_type }: EncoderConfig): void {
  if (!isStated && architectures[model_type].stages !== undefined)
    throw new OptionError(
      'pooling',
      `expected how the token vectors of a decoder (${model_type}) become one, got neither modules.json nor this option`,
      'say lasttoken, or mean where its publisher does',
    );
}
