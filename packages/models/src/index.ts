export type {
  Architecture,
  AskedLayers,
  AskedLogits,
  CommonField,
  CommonFields,
  ConfigRules,
  Encoded,
  SharedValues,
  Stages,
} from './arch/architecture.js';
export { encodeByStages, layerStates } from './arch/decoder.js';
export { architectures } from './arch/index.js';
export { type AttentionBias, attention, attentionBias, localAttentionBias } from './attention.js';
export type { Checkpoint, TensorIndex, TensorLocation, TokenizerFile } from './checkpoint.js';
export { openCheckpoint, TOKENIZER_FILES, WEIGHT_FILES } from './checkpoint.js';
export type { EncoderConfig, ModelType } from './config.js';
export {
  encoderConfigToJson,
  labelCount,
  longestSequence,
  MODEL_TYPES,
  parseEncoderConfig,
  withLabelCount,
} from './config.js';
export { ConfigError, HIDDEN_ACTS, type HiddenAct } from './config-file.js';
export { type Dropout, noDropout, trainingDropout } from './dropout.js';
export {
  type DropoutDraw,
  type DropoutFeed,
  type DropoutInput,
  type DropoutPlace,
  dropoutFeeds,
} from './dropout-feeds.js';
export type { Dtype } from './dtype.js';
export { DTYPE_BYTES, elementCount, toFloat32 } from './dtype.js';
export { type EncoderInputs, encoderInputs, encoderInputTypes, lastToken } from './encoder-inputs.js';
export { compareScores, type ScoreLoss } from './export/compare-scores.js';
export { compareVectors, type VectorLoss } from './export/compare-vectors.js';
export {
  checkLoss,
  describeLoss,
  ExportRefusedError,
  type LossLimit,
} from './export/export-refused-error.js';
export { NARROW_NAMES, type NarrowDtype, narrowWeights } from './export/narrow-weights.js';
export { type PaddedPlaces, paddedGraph } from './export/padded-graph.js';
export { type PortableModel, singlePrecision } from './export/portable-model.js';
export { type RowFeed, rowFeeds, type SequenceIds } from './export/row-feeds.js';
export type { FileSource } from './file-source.js';
export {
  describeJson,
  FileSourceError,
  isJsonObject,
  memorySource,
  readJson,
  readJsonObject,
  readText,
} from './file-source.js';
export { firstTokenRows } from './first-token-rows.js';
export {
  bfloat16ToFloat32,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
} from './float16.js';
export {
  expectWide,
  GOLDEN_FILE,
  GOLDEN_PAIRS,
  type GoldenCase,
  GoldenError,
  goldenText,
  verifyGolden,
} from './golden.js';
export { initializeParameter, initializeParameters } from './initialize.js';
export { type Inspection, inspectCheckpoint } from './inspect.js';
export { layerCuts } from './layer-cuts.js';
export { activations, embedding, layerNorm, linear, rmsNorm } from './layers.js';
export { adaptedCheckpoint } from './lora/adapted-checkpoint.js';
export { mergeAdapter, unmergeAdapter } from './lora/adapted-tensors.js';
export {
  ADAPTER_CONFIG,
  type AdapterConfig,
  type AdapterTask,
  adapterConfigText,
  parseAdapterConfig,
} from './lora/adapter-config.js';
export { AdapterError } from './lora/adapter-error.js';
export { adapterFiles, adapterTensors, type TrainedParameter } from './lora/adapter-files.js';
export { ADAPTER_FILES, adapterSource, withBaseModel } from './lora/adapter-source.js';
export { initializeLora, isLoraParameter } from './lora/initialize-lora.js';
export { type LoraConfig, LoraError, type LoraScale, loraScale, modulePattern } from './lora/lora-config.js';
export { type LinearLayer, type LoraLayers, type LoraLayersOptions, loraLayers } from './lora/lora-layers.js';
export { namePattern } from './lora/name-pattern.js';
export { type Adapter, type AdapterModule, openAdapter } from './lora/open-adapter.js';
export {
  type ParameterElements,
  packParameter,
  type StoredTensor,
  unpackParameter,
} from './lora/pack-parameter.js';
export {
  PARAMETER_STORAGES,
  type ParameterStorage,
  type StoredTensorSpec,
  storedTensors,
} from './lora/parameter-storage.js';
export { checkTargets, isSaved, isTarget } from './lora/target-modules.js';
export {
  describeTrainable,
  frozenStorage,
  type TrainableOptions,
  type TrainableParameters,
  trainableParameters,
} from './lora/trainable-parameters.js';
export type {
  MatchOptions,
  NamedShapes,
  ParameterMatch,
  ParameterSpec,
  ShapeMismatch,
} from './match-parameters.js';
export { matchParameters, ParameterMatchError } from './match-parameters.js';
export { type MixedCheckpoint, type MixModel, type Mixture, openMixture } from './mix/mix.js';
export { MixError } from './mix/mix-error.js';
export { type LayerWeights, type MixWeights, weightsOfTensors } from './mix/mix-weights.js';
export {
  type ModelCard,
  type ModelCardData,
  type ModelCardMetric,
  modelCard,
  TRAINING_CONFIG_FILE,
} from './model-card.js';
export { MODEL_CARD_FILE, type ModelCardFacts, modelCardFacts } from './model-card-facts.js';
export { classOfTask, expectTask, type ModelTask, type StatedTask, statedTask } from './model-task.js';
export {
  modelWithWeights,
  parametersOf,
  WEIGHTS_AS_STORED,
  type WeightSource,
  weightsConfig,
} from './model-with-weights.js';
export { RERANKER_CONFIG } from './needed-files.js';
export {
  expectWeights,
  type FileModel,
  type FileOutput,
  type FileSession,
  fileModel,
  openFileModel,
  outputOf,
  weightsInFile,
} from './onnx-file/file-model.js';
export { OnnxFileError } from './onnx-file/onnx-file-error.js';
export { openCheckpointOrOnnx } from './onnx-file/open-checkpoint-or-onnx.js';
export type { GraphSlot, PackedFeeds, PaddedFeeds, PlainTensor } from './onnx-file/padded-feeds.js';
export { type OnnxFile, readOnnxFile, type SessionModel, sessionModel } from './onnx-file/read-onnx-file.js';
export { chooseOnnx, ONNX_DTYPES, type OnnxChoice, type OnnxDtype, onnxPaths } from './onnx-file/variants.js';
export { COLUMNS, columnsOf } from './onnx-training/file-inputs.js';
export {
  type OnnxToSave,
  openTrainableFile,
  type TrainableFile,
  type WantedOutput,
} from './onnx-training/trainable-file.js';
export { ModelKindError, OptionError } from './option-error.js';
export {
  type LinearAdapter,
  module,
  type ParameterOptions,
  type ParameterPath,
  parameterRoot,
} from './parameters.js';
export { type CardOrigin, withPlainCard } from './plain-card.js';
export { type Pooler, poolerOf, poolerParameters } from './pooler.js';
export { type PytorchTensor, readPytorchFile } from './pytorch-file.js';
export { PytorchFileError } from './pytorch-file-error.js';
export { type RopeParameters, type Rotation, rotaryFrequencies, rotate, rotation } from './rotary.js';
export type { SafetensorsHeader, TensorEntry } from './safetensors.js';
export { readSafetensorsHeader, readTensor, readTensorBytes, SafetensorsError } from './safetensors.js';
export { readShardIndex } from './safetensors-index.js';
export type { ByteSink, TensorToWrite } from './safetensors-write.js';
export { safetensorsBytes, writeSafetensors } from './safetensors-write.js';
export { type StateTensor, torchArchive } from './torch-archive.js';
export {
  type CutCheckpoint,
  cutCheckpoint,
  type VocabularyRows,
} from './vocabulary-cut/cut-checkpoint.js';
export { type VocabularyNeeds, vocabularyNeeds } from './vocabulary-cut/vocabulary-needs.js';
export { checkpointFiles } from './web/checkpoint-files.js';
export { heldInMemory, type Weights, weightsInMemory, weightsOfCheckpoint } from './weights.js';
