import { initializeParameters, parseEncoderConfig, type TrainableFile } from '@rag/models';
import { CrossEncoder, type CrossEncoderParts } from '@rag/reranker';
import { classifierConfig, classifierParameters } from '@rag/reranker/training';
import type { OpenOptions } from '@rag/runtime';
import type { CompleteRerankerConfig } from '../config/reranker-config.js';
import type { RunFiles } from '../run-files.js';
import {
  type ModelSettings,
  modelSettingNames,
  openModelSource,
  type StartingParts,
} from './model-source.js';
import { openModel } from './open-model.js';
import { openTrainedFile } from './trained-file.js';

/** What training of a reranker starts from. */
export interface StartingModel extends CrossEncoderParts, Pick<StartingParts, 'fresh' | 'base'> {
  /** The same, ready to score. */
  readonly model: CrossEncoder;
  /** The ONNX file whose weights these are, where there is no checkpoint. */
  readonly file?: TrainableFile;
}

type Settings = ModelSettings & Pick<CompleteRerankerConfig, 'seed'>;

/**
 * Opens the model that training starts from: a checkpoint with its head, one without (the head is fresh then), or fresh
 * weights.
 * @throws what `openModelSource` and `CrossEncoder.fromPretrained` throw, with the model's name
 */
export const openStartingModel = (
  files: RunFiles,
  settings: Settings,
  options: OpenOptions,
): Promise<StartingModel> =>
  openModel(settings.modelNameOrPath, () => open(files, settings, options), modelSettingNames);

async function open(files: RunFiles, settings: Settings, options: OpenOptions): Promise<StartingModel> {
  const { seed } = settings;
  const source = await openModelSource(files, settings);
  const { base } = source;
  if (source.kind === 'config') {
    const config = classifierConfig(parseEncoderConfig(source.json));
    const wanted = classifierParameters(config);
    const weights = initializeParameters(wanted, config, seed);
    const parts = { config, tokenizerFiles: source.tokenizerFiles, weights };
    const model = await CrossEncoder.fromParts(parts, options);
    return { ...parts, model, base, fresh: wanted.map(({ name }) => name) };
  }
  const { checkpoint } = source;
  const { onnx, tokenizerFiles } = checkpoint;
  const trained =
    onnx &&
    (await openTrainedFile(checkpoint.source, onnx, parseEncoderConfig(checkpoint.config), {
      names: ['logits'],
      rank: 2,
      width: 1,
    }));
  const model = await CrossEncoder.fromCheckpoint(checkpoint, { ...options, seed });
  const { config, initialized: fresh } = model;
  if (trained) return { model, base, config, tokenizerFiles, fresh, ...trained };
  try {
    const weights = await model.readWeights();
    return { model, base, config, tokenizerFiles, weights, fresh };
  } catch (error) {
    model.dispose();
    throw error;
  }
}
