import { type TensorToWrite, writeSafetensors } from '@rag/models';
import type { CheckpointToSave } from '@rag/models/node';
import type { Collective } from '@rag/runtime';
import type { RunFiles } from '../run-files.js';

/**
 * The files of one of several ranks that run one program on the same files: rank 0 alone writes, while the others wait for it. What is written
 * is read on every rank, tensor by tensor in the order of the file, as what lies in shares can be read by all ranks together only.
 */
export function filesOfRank(files: RunFiles, collective: Collective): RunFiles {
  /** Nobody reads what was there before once it begins, and everybody what is there now once it is over. */
  const byRankZero = async <T>(write: () => Promise<T>, meanwhile: () => Promise<T>): Promise<T> => {
    await collective.barrier();
    const done = await (collective.rank === 0 ? write() : meanwhile());
    await collective.barrier();
    return done;
  };
  const nothing = async (): Promise<void> => {};
  return {
    ...files,
    saveModel: (path, model, made) =>
      byRankZero(
        () => files.saveModel(path, model, made),
        () => readThrough(model),
      ),
    removeModel: (...which) => byRankZero(() => files.removeModel(...which), nothing),
    removeUnfinished: (...which) => byRankZero(() => files.removeUnfinished(...which), nothing),
    makeDirectory: (path) => byRankZero(() => files.makeDirectory(path), nothing),
    writeText: (path, text) => byRankZero(() => files.writeText(path, text), nothing),
    lock: (path) =>
      byRankZero(
        () => files.lock(path),
        async () => nothing,
      ),
  };
}

/** Reads what would be written, in the same order. */
async function readThrough({ tensors, tensorFiles = {} }: CheckpointToSave): Promise<void> {
  const nowhere = { write: async () => {}, close: async () => {}, abort: async () => {} };
  const read = (all: Iterable<TensorToWrite>) => writeSafetensors(nowhere, all);
  const whole = [...tensors];
  if (whole.length > 0) await read(whole);
  for (const tensorsOf of Object.values(tensorFiles)) await read(tensorsOf());
}
