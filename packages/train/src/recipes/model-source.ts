import {
  type Adapter,
  adaptedCheckpoint,
  type Checkpoint,
  type FileSource,
  FileSourceError,
  type ModelCardFacts,
  modelCardFacts,
  onnxPaths,
  openAdapter,
  openCheckpoint,
  openCheckpointOrOnnx,
  readJsonObject,
  readText,
  TOKENIZER_FILES,
} from '@rag/models';
import type { AdapterSettings } from '../config/check-adapter.js';
import type { CompleteConfig } from '../config/check-shared.js';
import { ConfigError } from '../config/config-error.js';
import { fileName } from '../config/resolve.js';
import type { ModelFiles, RunFiles } from '../run-files.js';
import { countWeights, type InitialWeights } from './initial-weights.js';
import { withOtherFiles } from './other-files.js';

/** The model that training starts from, as the model that comes of it may tell. */
export interface BaseModel {
  /** Its name on the hub, or the last part of its directory. */
  readonly name: string;
  /** The name or path that it was opened by. */
  readonly place?: string;
  /** On the hub. */
  readonly commit?: string;
  /** What its card states. */
  readonly facts?: ModelCardFacts;
}

/** What training starts from: a checkpoint, or config.json and tokenizer files without weights. */
export type ModelSource = { readonly base: BaseModel } & (
  | {
      readonly kind: 'checkpoint';
      /** With the adapters of `raw_peft` merged into its weights. */
      readonly checkpoint: Checkpoint;
      /** The same with that of `from_peft` merged too: the model that training goes on from. */
      readonly whole: Checkpoint;
      /** The adapter of `from_peft`. */
      readonly continued?: Adapter;
    }
  | {
      readonly kind: 'config';
      /** config.json, unchecked. */
      readonly json: Record<string, unknown>;
      readonly tokenizerFiles: Readonly<Record<string, string>>;
    }
);

/** What all starting models have in common: sizes, weights, and what of them is new. */
export interface StartingParts {
  readonly config: {
    readonly model_type: string;
    readonly num_hidden_layers: number;
    readonly hidden_size: number;
  };
  readonly weights: InitialWeights;
  /** Parameters that were initialised afresh: none, a head, or all. */
  readonly fresh: readonly string[];
  readonly base: BaseModel;
}

/** Settings of a model, by what its opening calls them. */
export const modelSettingNames = { revision: 'revision', token: 'token' } as const;

/** Where a model comes from. */
export type ModelSettings = Pick<CompleteConfig, 'modelNameOrPath' | 'initFromConfig'> &
  Partial<
    Pick<CompleteConfig, 'cacheDir' | 'token' | 'revision' | 'offline' | 'configName' | 'tokenizerName'>
  > &
  Partial<Pick<AdapterSettings, 'fromPeft' | 'rawPeft'>>;

/**
 * Opens `model_name_or_path`, a directory or a model of the hub: a checkpoint, its ONNX file where it has no weights, or, only with `init_from_config`, config.json and
 * tokenizer files whose weights are to be fresh.
 * @throws ConfigError where there is no such model; HubError; what `openCheckpoint` throws
 */
export async function openModelSource(
  files: Pick<RunFiles, 'openModel'>,
  settings: ModelSettings,
): Promise<ModelSource> {
  const { modelNameOrPath: directory, initFromConfig, revision } = settings;
  const found = await files.openModel(directory, {
    ...hubOptions(settings),
    ...(revision !== undefined && { revision }),
    // Only what is read then: no weights are to be started from.
    ...(initFromConfig && { files: [] }),
  });
  if (!found)
    throw new ConfigError(
      'model_name_or_path',
      'model_name_or_path',
      `expected a model directory, got "${directory}", which is none — check the path`,
    );
  const source = await withOtherFiles(files, settings, found, hubOptions(settings));
  const base = await baseModel(source, directory);
  const names = await source.list();
  const weightsFile = names.find((name) =>
    /^(model\.safetensors(\.index\.json)?|pytorch_model.*)$/.test(name),
  );
  if (weightsFile !== undefined && initFromConfig)
    throw new ConfigError(
      'init_from_config',
      'init_from_config',
      `expected a directory without weights, got ${directory} with ${weightsFile} — drop init_from_config to start from them`,
    );
  if (weightsFile === undefined && names.includes('config.json')) {
    if (!initFromConfig && (await hasOnnx(source, names)))
      return { base, ...(await withAdapters(files, settings, await openCheckpointOrOnnx(source, true))) };
    if (!initFromConfig)
      throw new ConfigError(
        'model_name_or_path',
        'model_name_or_path',
        `expected model.safetensors in ${directory}, got a config.json without weights — fetch them, or say init_from_config: true to start from fresh ones`,
      );
    return { base, ...(await fromConfig(source, names)) };
  }
  return { base, ...(await withAdapters(files, settings, await openCheckpoint(source))) };
}

const hubOptions = ({ cacheDir, token, offline }: ModelSettings) => ({
  ...(cacheDir !== undefined && { cacheDir }),
  ...(token !== undefined && { token }),
  ...(offline !== undefined && { offline }),
});

async function withAdapters(
  files: Pick<RunFiles, 'openModel'>,
  settings: ModelSettings,
  base: Checkpoint,
): Promise<Omit<Extract<ModelSource, { kind: 'checkpoint' }>, 'base'>> {
  const open = async (path: string): Promise<Adapter> => {
    // A directory of an adapter alone; by its name on the hub it comes with its base model.
    const source = (await files.openModel(path)) ?? (await files.openModel(path, hubOptions(settings)));
    return openAdapter(source!.adapter ?? source!);
  };
  let checkpoint = base;
  for (const path of settings.rawPeft ?? []) checkpoint = adaptedCheckpoint(checkpoint, await open(path));
  if (settings.fromPeft === undefined) return { kind: 'checkpoint', checkpoint, whole: checkpoint };
  const continued = await open(settings.fromPeft);
  return { kind: 'checkpoint', checkpoint, whole: adaptedCheckpoint(checkpoint, continued), continued };
}

/** The files of a model that was just written. */
export async function savedSource(
  { openModel }: Pick<RunFiles, 'openModel'>,
  path: string,
): Promise<FileSource> {
  const source = await openModel(path);
  if (source) return source;
  throw new Error(`${path}: expected the model that was saved there, got nothing — was it removed?`);
}

/** Whether there is an ONNX file, in the directory or in `onnx`. */
async function hasOnnx(source: FileSource, names: readonly string[]): Promise<boolean> {
  const within = await source.list('onnx').catch((error: unknown): string[] => {
    if (error instanceof FileSourceError) return [];
    throw error;
  });
  return onnxPaths([...names, ...within]).length > 0;
}

/** One line about a model: size, and what of it is fresh. */
export function describeModel({ config, weights, fresh }: StartingParts, name: string): string {
  const { model_type, num_hidden_layers, hidden_size } = config;
  const { parameters, elements } = countWeights(weights);
  const what = fresh.length === parameters ? 'every weight' : fresh.join(', ');
  const started = fresh.length === 0 ? '' : `; fresh: ${what}`;
  return `${name}: ${model_type}, ${num_hidden_layers} layers, hidden size ${hidden_size}, ${(elements / 1e6).toFixed(1)} M parameters${started}`;
}

async function baseModel(source: ModelFiles, directory: string): Promise<BaseModel> {
  const { id, commit } = source;
  const facts = await modelCardFacts(source);
  const name = id ?? fileName(directory.replace(/[\\/]+$/, ''));
  return { name, place: directory, ...(commit !== undefined && { commit }), ...(facts && { facts }) };
}

async function fromConfig(source: FileSource, names: readonly string[]) {
  const json = await readJsonObject(source, 'config.json');
  const tokenizerFiles: Record<string, string> = {};
  for (const name of TOKENIZER_FILES)
    if (names.includes(name)) tokenizerFiles[name] = await readText(source, name);
  return { kind: 'config' as const, json, tokenizerFiles };
}
