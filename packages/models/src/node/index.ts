export { type DirectorySource, directorySource } from './directory-source.js';
export { fileSink, temporaryName, temporaryTarget, writeFileAtomically } from './file-sink.js';
export type { HubTiming } from './hub-client.js';
export type { HubOptions, HubProgress } from './hub-environment.js';
export { HubError, type HubErrorReason } from './hub-error.js';
export { isHubId } from './hub-id.js';
export { type HubSource, type HubSourceOptions, hubSource } from './hub-source.js';
export { type MixOptions, mixModels, openMixModels } from './mix-models.js';
export { openHubOrDirectory } from './open-hub-or-directory.js';
export { type Pushed, type PushOptions, pushToHub } from './push-to-hub.js';
export type { CheckpointToSave, MadeFromModel, SaveOptions } from './save.js';
export { foreignFiles, SaveRefusedError, saveCheckpoint } from './save.js';
export { saveAdapter } from './save-adapter.js';
export {
  type ExportOnnxOptions,
  ONNX_FOLDER,
  type WriteOnnxOptions,
  type WrittenOnnx,
  writeOnnx,
} from './write-onnx.js';
