import { ADAPTER_CONFIG, ADAPTER_FILES } from '@rag/models';
import type { CheckpointToSave } from '@rag/models/node';
import type { RunFiles } from './run-files.js';

/** A model directory with the state of the trainer beside it. */
export interface SavedCheckpoint {
  /** `checkpoint_0` after the first epoch, as the originals count. */
  readonly name: string;
  /** Its directory. */
  readonly path: string;
}

/** Writes checkpoints of one run and keeps the latest. */
export interface Checkpoints {
  readonly folder: string;
  /** Writes one; the oldest of this run goes when there are too many. */
  save(epoch: number, model: CheckpointToSave, state: object): Promise<SavedCheckpoint>;
  /** Names of those that stand, oldest first. */
  readonly kept: readonly string[];
}

/** The file beside the model that says where the run was. */
export const trainerState = 'trainer_state.json';

const MODEL_FILES = [
  'config.json',
  'model.safetensors',
  ADAPTER_CONFIG,
  ADAPTER_FILES[0],
  'onnx/model.onnx',
  'onnx/model.onnx_data',
];

/** The names of checkpoints' directories. */
export const checkpointName = /^checkpoint_\d+$/;

/**
 * Checkpoints under `<outputDir>/runs/checkpoints`, as the originals place them. Only what was written is ever removed:
 * the files of this run's own checkpoints, by name, and a directory that is empty then.
 * @param earlier names of an earlier run's checkpoints, to be removed before the first is written
 */
export function checkpointsOf(
  files: RunFiles,
  outputDir: string,
  { most, earlier = [] }: { most: number; earlier?: readonly string[] },
): Checkpoints {
  const folder = `${outputDir}/runs/checkpoints`;
  let kept: string[] = [];
  let stale = earlier.filter((name) => checkpointName.test(name));
  const remove = (name: string, written: readonly string[]): Promise<void> =>
    files.removeModel(`${folder}/${name}`, written);
  return {
    folder,
    get kept() {
      return kept;
    },
    async save(epoch, model, state) {
      const name = `checkpoint_${epoch}`;
      const path = `${folder}/${name}`;
      const written = [...MODEL_FILES, ...Object.keys(model.files ?? {}), trainerState];
      for (const old of stale) await remove(old, written);
      stale = [];
      const stateText = `${JSON.stringify(state, null, 2)}\n`;
      await files.saveModel(path, { ...model, files: { ...model.files, [trainerState]: stateText } });
      kept = [...kept.filter((other) => other !== name), name];
      const surplus = kept.slice(0, Math.max(0, kept.length - most));
      for (const old of surplus) await remove(old, written);
      kept = kept.slice(surplus.length);
      return { name, path };
    },
  };
}
