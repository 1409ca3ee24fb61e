import {
  type FileSource,
  initializeParameters,
  openCheckpoint,
  parseEncoderConfig,
  TOKENIZER_FILES,
} from '@rag/models';
import { CrossEncoder, type CrossEncoderParts } from '@rag/reranker';
import { classifierConfig, classifierParameters } from '@rag/reranker/training';
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
  { threads }: { threads: number },
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
    return fromConfig(source, names, seed, threads);
  }
  const checkpoint = await openCheckpoint(source);
  const model = await CrossEncoder.fromCheckpoint(checkpoint, { seed, threads });
  const { config, initialized: fresh } = model;
  const weights = await model.readWeights();
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

async function fromConfig(
  source: FileSource,
  names: readonly string[],
  seed: number,
  threads: number,
): Promise<StartingModel> {
  const json = JSON.parse(await readText(source, 'config.json')) as Record<string, unknown>;
  const config = classifierConfig(parseEncoderConfig(json));
  const tokenizerFiles: Record<string, string> = {};
  for (const name of TOKENIZER_FILES)
    if (names.includes(name)) tokenizerFiles[name] = await readText(source, name);
  const wanted = classifierParameters(config);
  const parts = { config, tokenizerFiles, weights: initializeParameters(wanted, config, seed) };
  const model = await CrossEncoder.fromParts(parts, { threads });
  return { ...parts, model, fresh: wanted.map(({ name }) => name) };
}

async function readText(source: FileSource, name: string): Promise<string> {
  return new TextDecoder('utf-8', { fatal: true }).decode(
    await source.read(name, 0, await source.size(name)),
  );
}
