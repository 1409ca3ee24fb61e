import {
  type Adapter,
  architectures,
  type Checkpoint,
  type FileSource,
  initializeParameters,
  parseEncoderConfig,
  RERANKER_CONFIG,
  type TrainableFile,
  weightsOfCheckpoint,
} from '@rag/models';
import {
  CrossEncoder,
  type CrossEncoderParts,
  LLMDecoder,
  type Reranker,
  YesNoReranker,
} from '@rag/reranker';
import {
  causalParameters,
  classifierConfig,
  classifierParameters,
  type RerankerKind,
} from '@rag/reranker/training';
import type { OpenOptions } from '@rag/runtime';
import { ConfigError } from '../config/config-error.js';
import { type TemplateSettings, templateOf } from '../config/pair-template.js';
import type { CompleteRerankerConfig } from '../config/reranker-config.js';
import type { RunFiles } from '../run-files.js';
import { checkLayerwise, type LayerwiseSettings } from './check-layerwise.js';
import { freshWeights } from './initial-weights.js';
import {
  type ModelSettings,
  type ModelSource,
  modelSettingNames,
  openModelSource,
  type StartingParts,
} from './model-source.js';
import { openModel } from './open-model.js';
import { openTrainedFile } from './trained-file.js';

/** What training of a reranker starts from. */
export interface StartingModel
  extends Omit<CrossEncoderParts, 'weights'>,
    Pick<StartingParts, 'weights' | 'fresh' | 'base'> {
  readonly kind: RerankerKind;
  /** The files of a checkpoint. */
  readonly source?: FileSource;
  /** The adapter that is trained on. */
  readonly continued?: Adapter;
  /** The same, ready to score. */
  readonly model: Reranker;
  /** The ONNX file whose weights these are, where there is no checkpoint. */
  readonly file?: TrainableFile;
}

type Settings = ModelSettings &
  Partial<TemplateSettings> &
  Pick<CompleteRerankerConfig, 'seed'> &
  Partial<LayerwiseSettings>;

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
  if (source.kind === 'config') return { base, ...(await openFresh(source, settings, options)) };
  const { checkpoint, whole, continued } = source;
  const { onnx, tokenizerFiles } = checkpoint;
  const trained =
    onnx &&
    (await openTrainedFile(checkpoint.source, onnx, parseEncoderConfig(checkpoint.config), {
      names: ['logits'],
      rank: 2,
      width: 1,
    }));
  const kind = kindToTrain(whole.config, settings);
  checkLayerwise(whole.config, settings);
  const model = await openKind(kind, whole, settings, { ...options, seed });
  const { config, initialized: fresh } = model;
  const parts = { kind, model, base, config, tokenizerFiles, fresh };
  if (trained) return { ...parts, ...trained };
  try {
    const { parameters } = model.stored;
    const weights = continued
      ? { parameters, ...(await weightsOfCheckpoint(checkpoint, config, parameters, { seed })) }
      : model.stored;
    return { ...parts, weights, source: checkpoint.source, ...(continued && { continued }) };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** Where neither checkpoint nor settings say how pairs are written: RAG-Retrieval's training defaults. */
const BARE = { query_format: '{}', document_format: '{}', seq: '', special_token: '' };

async function openKind(
  kind: RerankerKind,
  checkpoint: Checkpoint,
  settings: Partial<TemplateSettings>,
  options: OpenOptions & { readonly seed: number },
): Promise<Reranker> {
  if (kind === 'cross-encoder') return CrossEncoder.fromCheckpoint(checkpoint, options);
  const given = templateOf(settings);
  if (kind === 'yes-no') return YesNoReranker.fromCheckpoint(checkpoint, { ...options, template: given });
  const stated = (await checkpoint.source.list()).includes(RERANKER_CONFIG);
  const template = stated ? given : { ...BARE, ...given };
  return LLMDecoder.fromCheckpoint(checkpoint, { ...options, template });
}

/** Fresh weights of a config.json. */
async function openFresh(
  { json, tokenizerFiles }: Extract<ModelSource, { kind: 'config' }>,
  settings: Settings,
  options: OpenOptions,
): Promise<Omit<StartingModel, 'base'>> {
  const kind = kindToTrain(json, settings);
  const stated = parseEncoderConfig(json);
  const wanted =
    kind === 'yes-no' ? causalParameters(stated) : classifierParameters(classifierConfig(stated));
  const weights = initializeParameters(wanted, stated, settings.seed);
  const parts = { config: stated, tokenizerFiles, weights };
  const given = templateOf(settings);
  const model = await (kind === 'cross-encoder'
    ? CrossEncoder.fromParts(parts, options)
    : kind === 'llm-decoder'
      ? LLMDecoder.fromParts({ ...parts, template: { ...BARE, ...given } }, options)
      : YesNoReranker.fromParts({ ...parts, template: given }, options));
  return {
    kind,
    model,
    config: model.config,
    tokenizerFiles,
    weights: freshWeights(wanted, stated, settings.seed),
    fresh: wanted.map(({ name }) => name),
  };
}

const kindOfType = {
  bert_encoder: 'cross-encoder',
  llm_decoder: 'llm-decoder',
  decoder: 'yes-no',
} as const satisfies Readonly<Record<string, RerankerKind>>;

/**
 * The kind that `model_type` asks for, or that config.json states: a causal language model states none, since it may get a scalar head or
 * be asked for its answer.
 * @throws ConfigError
 */
function kindToTrain(
  json: Readonly<Record<string, unknown>>,
  { modelType, modelNameOrPath }: Pick<Settings, 'modelType' | 'modelNameOrPath'>,
): RerankerKind {
  if (modelType !== undefined) return kindOfType[modelType];
  const isDecoder = architectures[parseEncoderConfig(json).model_type].stages !== undefined;
  const [stated] = Array.isArray(json.architectures) ? json.architectures : [];
  if (isDecoder && !String(stated).endsWith('ForSequenceClassification'))
    throw new ConfigError(
      'model_type',
      'model_type',
      `expected llm_decoder (a new scalar head) or decoder (the logit of its answer) for ${modelNameOrPath}, a language model, got none — choose one`,
    );
  return isDecoder ? 'llm-decoder' : 'cross-encoder';
}
