import {
  architectures,
  type Checkpoint,
  type EncoderConfig,
  type FileSource,
  initializeParameters,
  labelCount,
  matchParameters,
  openCheckpoint,
  type ParameterSpec,
  parseEncoderConfig,
  TOKENIZER_FILES,
  withLabelCount,
} from '@rag/models';
import { leavesOf, nameOf } from '@rag/onnx';
import { CrossEncoder, type CrossEncoderParts } from '@rag/reranker';
import { type RerankerLoss, rerankerObjective } from '@rag/reranker/training';
import type { Objective } from '@rag/runtime';
import { ConfigError } from '../config/config-error.js';
import type { CompleteRerankerConfig } from '../config/reranker-config.js';
import type { RunFiles } from '../run-files.js';

/** What training starts from. */
export interface StartingModel extends CrossEncoderParts {
  /** The same, ready to score. */
  readonly model: CrossEncoder;
  /** Parameters that were initialised afresh: none, a head, or all. */
  readonly fresh: readonly string[];
}

type Settings = Pick<CompleteRerankerConfig, 'modelNameOrPath' | 'initFromConfig' | 'seed'>;

/**
 * Opens the model that training starts from: a checkpoint with its head, one without (the head is fresh then), or, only
 * with `init_from_config`, a directory of config.json and tokenizer files whose weights are all fresh.
 * @throws ConfigError where there is no such directory, and what `CrossEncoder.fromPretrained` throws
 */
export async function openStartingModel(
  files: RunFiles,
  settings: Settings,
  { threads, loss }: { threads: number; loss: RerankerLoss },
): Promise<StartingModel> {
  const { modelNameOrPath: directory, initFromConfig, seed } = settings;
  const source = await files.openModel(directory);
  if (!source)
    throw new ConfigError(
      'model_name_or_path',
      'model_name_or_path',
      `expected a directory, got "${directory}" — models of the hub are fetched by a later version: download it and name its directory`,
    );
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
    if (!initFromConfig)
      throw new ConfigError(
        'model_name_or_path',
        'model_name_or_path',
        `expected model.safetensors in ${directory}, got a config.json without weights — fetch them, or say init_from_config: true to start from fresh ones`,
      );
    return fromConfig(source, names, seed, threads, loss);
  }
  const checkpoint = await openCheckpoint(source);
  const model = await CrossEncoder.fromCheckpoint(checkpoint, { seed, threads });
  const { config, initialized: fresh } = model;
  const wanted = parametersOf(rerankerObjective({ config, loss }));
  const weights = await readWeights(checkpoint, config, wanted, fresh, seed);
  return { model, config, tokenizerFiles: checkpoint.tokenizerFiles, weights, fresh };
}

/** One line about a model: size, and what of it is fresh. */
export function describeModel({ config, weights, fresh }: StartingModel, name: string): string {
  const { model_type, num_hidden_layers, hidden_size } = config;
  const parameters = [...weights.values()].reduce((sum, { length }) => sum + length, 0);
  const what = fresh.length === weights.size ? 'every weight' : fresh.join(', ');
  const started = fresh.length === 0 ? '' : `; fresh: ${what}`;
  return `${name}: ${model_type}, ${num_hidden_layers} layers, hidden size ${hidden_size}, ${(parameters / 1e6).toFixed(1)} M parameters${started}`;
}

/** The parameters that an objective trains, by Hugging Face's names. */
export function parametersOf(objective: Objective): ParameterSpec[] {
  const { sum, outputs = {} } = objective.build('eval');
  return leavesOf([sum, ...Object.values(outputs)])
    .filter((value) => value.source.kind === 'parameter')
    .map((value) => ({ name: nameOf(value), shape: value.shape as readonly number[] }));
}

async function readWeights(
  { tensors }: Checkpoint,
  config: EncoderConfig,
  wanted: readonly ParameterSpec[],
  fresh: readonly string[],
  seed: number,
): Promise<ReadonlyMap<string, Float32Array>> {
  const { baseModelPrefix: prefix, headPrefixes: heads } = architectures[config.model_type];
  const { sources } = matchParameters(wanted, tensors, { prefix, heads });
  const weights = new Map<string, Float32Array>(
    initializeParameters(
      wanted.filter(({ name }) => fresh.includes(name)),
      config,
      seed,
    ),
  );
  for (const [name, tensor] of sources) weights.set(name, await tensors.read(tensor));
  return weights;
}

async function fromConfig(
  source: FileSource,
  names: readonly string[],
  seed: number,
  threads: number,
  loss: RerankerLoss,
): Promise<StartingModel> {
  const json = JSON.parse(await readText(source, 'config.json')) as Record<string, unknown>;
  const parsed = parseEncoderConfig(json);
  const single = labelCount(parsed) === 1 ? parsed : withLabelCount(parsed, 1);
  const className = { bert: 'Bert', roberta: 'Roberta', 'xlm-roberta': 'XLMRoberta' }[single.model_type];
  const architecture = `${className}ForSequenceClassification`;
  const config = { ...single, extra: { ...single.extra, architectures: [architecture] } };
  const tokenizerFiles: Record<string, string> = {};
  for (const name of TOKENIZER_FILES)
    if (names.includes(name)) tokenizerFiles[name] = await readText(source, name);
  const wanted = parametersOf(rerankerObjective({ config, loss }));
  const parts = { config, tokenizerFiles, weights: initializeParameters(wanted, config, seed) };
  const model = await CrossEncoder.fromParts(parts, { threads });
  return { ...parts, model, fresh: wanted.map(({ name }) => name) };
}

async function readText(source: FileSource, name: string): Promise<string> {
  return new TextDecoder('utf-8', { fatal: true }).decode(
    await source.read(name, 0, await source.size(name)),
  );
}
