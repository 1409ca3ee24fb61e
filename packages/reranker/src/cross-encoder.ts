import {
  architectures,
  type Checkpoint,
  type EncoderConfig,
  heldInMemory,
  ModelKindError,
  RERANKER_CONFIG,
} from '@rag/models';
import type { HubOptions } from '@rag/models/node';
import { chooseProvider, type OpenOptions, readsFiles, sessionOptions } from '@rag/runtime';
import type { TokenizerTexts } from '@rag/text';
import { classifierConfig, readClassifierConfig } from './classifier-config.js';
import { classifierScores } from './classifier-graph.js';
import type { CrossEncoderParts, FromPretrainedOptions } from './cross-encoder-options.js';
import { openPretrained } from './open-pretrained.js';
import {
  openModelTokenizer,
  openRerankerCheckpoint,
  openRerankerParts,
  type RerankerParts,
} from './open-reranker.js';
import { pairEncoder } from './pair-encoder.js';
import { PairReranker } from './pair-reranker.js';
import {
  rerankerConfigText,
  type StatedRerankerConfig,
  statedLength,
  statedOfEncoder,
} from './reranker-config.js';

/** A BERT-like reranker: one logit for a query and a passage read together (https://arxiv.org/abs/1901.04085). */
export class CrossEncoder extends PairReranker {
  /**
   * Opens a checkpoint (config.json, weights, tokenizer files) by its directory or, in Node, by its name on the hub, of which it
   * fetches what is needed into the cache that Python shares. The weights are read in place: the files must stay as they
   * are until `dispose`. With `onnx`, or where there are no weights, it opens the ONNX file of any exporter, to score with.
   * @throws HubError, FileSourceError, SafetensorsError, ConfigError, ParameterMatchError or TokenizerError, naming file and field;
   * RangeError for a directory of another task, for a classifier of several labels and for a tokenizer with more tokens than the model
   */
  static async fromPretrained(
    idOrDirectory: string,
    options: FromPretrainedOptions & HubOptions = {},
  ): Promise<CrossEncoder> {
    return openPretrained(idOrDirectory, options, (checkpoint) =>
      CrossEncoder.fromCheckpoint(checkpoint, options),
    );
  }

  /** Opens a checkpoint of any source, as `fromPretrained`; weights that are not in files of this machine are copied. */
  static async fromCheckpoint(given: Checkpoint, asked: FromPretrainedOptions = {}): Promise<CrossEncoder> {
    const options = { ...asked, provider: await chooseProvider(asked.provider ?? 'cpu') };
    const checkpoint = readsFiles(sessionOptions(options)) ? given : heldInMemory(given);
    const config = readClassifierConfig(checkpoint.config, options.newHead);
    const stated = await statedOfEncoder(checkpoint.source);
    const parts = crossEncoderParts(config, checkpoint.tokenizerFiles, stated);
    const opened = await openRerankerCheckpoint(checkpoint, parts, options);
    return new CrossEncoder(opened, options.provider, given.source);
  }

  /**
   * A model whose parameters are in memory, below the 2 GiB that an ONNX model can hold; ONNX Runtime copies them.
   * @throws RangeError for parameters that are missing, foreign, of another size, or too large together
   */
  static async fromParts(
    { config, tokenizerFiles, weights }: CrossEncoderParts,
    asked: OpenOptions = {},
  ): Promise<CrossEncoder> {
    const options = { ...asked, provider: await chooseProvider(asked.provider ?? 'cpu') };
    const parts = crossEncoderParts(classifierConfig(config), tokenizerFiles);
    const opened = await openRerankerParts(parts, { tokenizerFiles, weights }, options);
    return new CrossEncoder(opened, options.provider);
  }
}

function crossEncoderParts(
  config: EncoderConfig,
  tokenizerFiles: TokenizerTexts,
  stated: Pick<StatedRerankerConfig, 'max_len'> = {},
): RerankerParts {
  if (architectures[config.model_type].stages)
    throw new ModelKindError(
      'config.json',
      `expected an encoder for CrossEncoder, got "model_type" "${config.model_type}"`,
      'open it with LLMDecoder or YesNoReranker',
    );
  const tokenizer = openModelTokenizer(config, tokenizerFiles);
  return {
    config,
    tokenizer,
    scores: classifierScores(config),
    encoder: (maxLength, cuts) => pairEncoder(tokenizer, config, maxLength, cuts),
    ...statedLength(stated, config),
    ...(stated.max_len !== undefined && { files: { [RERANKER_CONFIG]: rerankerConfigText(stated) } }),
  };
}
