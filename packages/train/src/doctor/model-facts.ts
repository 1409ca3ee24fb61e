import { architectures, type EncoderConfig, longestSequence, parseEncoderConfig } from '@rag/models';
import { openTokenizer, type Tokenizer } from '@rag/text';
import { type ModelSettings, modelSettingNames, openModelSource } from '../recipes/model-source.js';
import { openModel } from '../recipes/open-model.js';
import type { RunFiles } from '../run-files.js';

/** What of a model can be told without its weights. */
export interface ModelFacts {
  readonly modelType: string;
  readonly layers: number;
  readonly hiddenSize: number;
  readonly vocabularySize: number;
  /** Tokens of the longest sequence. */
  readonly longest: number;
  /** A language model, whose tokens see only what stands before them. */
  readonly isDecoder: boolean;
  /** Every weight will be fresh. */
  readonly isFresh: boolean;
  /** Elements of all tensors; undefined where the files do not say. */
  readonly parameters?: number;
  /** sentence-transformers' modules say how vectors are made. */
  readonly hasModules: boolean;
  readonly tokenizer: Tokenizer;
}

/**
 * Opens config.json, tokenizer and the header of the weights of the model that a run starts from; no weight is read.
 * @throws what opening the model of a run throws
 */
export const modelFacts = (
  files: Pick<RunFiles, 'openModel'>,
  settings: ModelSettings,
): Promise<ModelFacts> => openModel(settings.modelNameOrPath, () => open(files, settings), modelSettingNames);

async function open(files: Pick<RunFiles, 'openModel'>, settings: ModelSettings): Promise<ModelFacts> {
  const source = await openModelSource(files, settings);
  if (source.kind === 'config')
    return {
      ...factsOf(parseEncoderConfig(source.json)),
      isFresh: true,
      hasModules: false,
      tokenizer: openTokenizer(source.tokenizerFiles),
    };
  const { checkpoint } = source;
  const { tensors } = checkpoint;
  const names = await checkpoint.source.list();
  const elements = tensors.names.map((name) => tensors.shape(name).reduce((a, b) => a * b, 1));
  return {
    ...factsOf(parseEncoderConfig(checkpoint.config)),
    isFresh: false,
    hasModules: names.includes('modules.json'),
    ...(elements.length > 0 && { parameters: elements.reduce((a, b) => a + b, 0) }),
    tokenizer: openTokenizer(checkpoint.tokenizerFiles),
  };
}

function factsOf(config: EncoderConfig) {
  return {
    modelType: config.model_type,
    layers: config.num_hidden_layers,
    hiddenSize: config.hidden_size,
    vocabularySize: config.vocab_size,
    longest: longestSequence(config),
    isDecoder: architectures[config.model_type].stages !== undefined,
  };
}
