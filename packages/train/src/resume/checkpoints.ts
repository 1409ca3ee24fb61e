import { ADAPTER_CONFIG, ADAPTER_FILES } from '@rag/models';
import type { CheckpointToSave } from '@rag/models/node';
import type { SessionState } from '@rag/runtime';
import type { RunFiles } from '../run-files.js';
import { STATE_FILE, type StoredParameters, withState } from './state-file.js';

/** A model directory with the state of its training beside it. */
export interface SavedCheckpoint {
  /** `checkpoint_0` after the first epoch, as the originals count; `step_100` after update 100. */
  readonly name: string;
  /** Its directory. */
  readonly path: string;
}

/** Writes checkpoints of one run and keeps the latest. */
export interface Checkpoints {
  readonly folder: string;
  /**
   * Writes one, complete or not at all.
   * @param stateText trainer_state.json, by where each parameter's state was written
   */
  save(
    name: string,
    model: CheckpointToSave,
    state: SessionState,
    stateText: (parameters: StoredParameters) => string,
  ): Promise<SavedCheckpoint>;
  /** Removes the oldest where there are more than are to be kept, but never `best`. */
  rotate(best?: string): Promise<void>;
  /** Removes some, which no run shall go on from. */
  drop(names: readonly string[]): Promise<void>;
  /** Names of those that stand, oldest first. */
  readonly kept: readonly string[];
}

/** The file beside the model that says where the run was. */
export const STATE_TEXT = 'trainer_state.json';

const MODEL_FILES = [
  'config.json',
  'model.safetensors',
  ADAPTER_CONFIG,
  ADAPTER_FILES[0],
  'onnx/model.onnx',
  'onnx/model.onnx_data',
];

/** The names of checkpoints' directories. */
export const checkpointName = /^(checkpoint|step)_\d+$/;

/** Where checkpoints are, as the originals place them. */
export const checkpointFolder = (outputDir: string): string => `${outputDir}/runs/checkpoints`;

export interface CheckpointsOptions {
  /** To be kept, the latest. */
  readonly most: number;
  /** Names of an earlier run's checkpoints, to be removed before the first is written. */
  readonly earlier?: readonly string[];
  /** Names of this run's, oldest first, where it goes on. */
  readonly kept?: readonly string[];
}

/**
 * Checkpoints under `<outputDir>/runs/checkpoints`. Only what was written is ever removed: the files of this run's own checkpoints, by
 * name, and a directory that is empty then.
 */
export function checkpointsOf(
  files: Pick<RunFiles, 'saveModel' | 'removeModel'>,
  outputDir: string,
  { most, earlier = [], kept: before = [] }: CheckpointsOptions,
): Checkpoints {
  const folder = checkpointFolder(outputDir);
  let kept = [...before];
  let stale = earlier.filter((name) => checkpointName.test(name));
  let written: readonly string[] = [STATE_TEXT, STATE_FILE, ...MODEL_FILES];
  // Its state goes first: what is left of a removal that was cut off is no checkpoint.
  const remove = (name: string): Promise<void> => files.removeModel(`${folder}/${name}`, written);
  const removeStale = async (): Promise<void> => {
    for (const old of stale) await remove(old);
    stale = [];
  };
  return {
    folder,
    get kept() {
      return kept;
    },
    async save(name, model, state, stateText) {
      const path = `${folder}/${name}`;
      const { model: complete, stored } = await withState(model, state);
      written = [...new Set([...written, ...Object.keys(complete.files ?? {})])];
      await removeStale();
      await files.saveModel(path, complete, {
        names: [STATE_TEXT],
        make: async () => ({ [STATE_TEXT]: stateText(stored()) }),
      });
      kept = [...kept.filter((other) => other !== name), name];
      return { name, path };
    },
    async drop(names) {
      for (const name of kept.filter((one) => names.includes(one))) await remove(name);
      kept = kept.filter((name) => !names.includes(name));
    },
    async rotate(best) {
      const latest = kept.slice(-most);
      const isOld = best !== undefined && kept.includes(best) && !latest.includes(best);
      const keep = isOld ? [best, ...kept.slice(-Math.max(1, most - 1))] : latest;
      // Of a run that goes on they are its own.
      if (before.length > 0) await removeStale();
      for (const old of kept.filter((name) => !keep.includes(name))) await remove(old);
      kept = kept.filter((name) => keep.includes(name));
    },
  };
}
