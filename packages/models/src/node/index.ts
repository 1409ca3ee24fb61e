export { directorySource } from './directory-source.js';
export { fileSink, writeFileAtomically } from './file-sink.js';
export type { CheckpointToSave } from './save.js';
export { SaveRefusedError, saveCheckpoint } from './save.js';
