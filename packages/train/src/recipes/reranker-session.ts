import type { NamedLoss } from '@rag/losses';
import { openCheckpointOrOnnx } from '@rag/models';
import type { CheckpointToSave } from '@rag/models/node';
import { Reranker } from '@rag/reranker';
import { type RerankerLoss, rerankerCheckpoint } from '@rag/reranker/training';
import type { OpenOptions, TrainingSession } from '@rag/runtime';
import type { CompleteRerankerConfig } from '../config/reranker-config.js';
import type { RunFiles } from '../run-files.js';
import { usesTeacher } from './reranker-data.js';
import type { StartingModel } from './starting-model.js';
import { withTrainedFile } from './trained-file.js';

/** The loss as the objective takes it. */
export function rerankerLoss(
  loss: NamedLoss,
  config: Pick<CompleteRerankerConfig, 'knowledgeDistillation'>,
): RerankerLoss {
  if (loss.kind === 'pointwise') return loss;
  return { kind: 'group', loss: loss.loss, teacher: usesTeacher(loss, config) };
}

/** The model as it stands; its tensors are views of the session's live state, to be written before the next update. */
export function modelToSave(
  {
    config,
    tokenizerFiles,
    file,
    model,
  }: Pick<StartingModel, 'config' | 'tokenizerFiles' | 'file' | 'model'>,
  session: Pick<TrainingSession, 'weights'>,
): CheckpointToSave {
  const live = new Map(session.weights().map(({ name, data }) => [name, data]));
  const read = async (name: string) => live.get(name) as Float32Array;
  const parts = { config, tokenizerFiles, parameters: session.weights(), read };
  const plain = rerankerCheckpoint(parts);
  const saved = { ...plain, files: { ...plain.files, ...model.parts.files } };
  return file ? withTrainedFile(saved, file, session) : saved;
}

/** Opens a model that was just written, as its user will. */
export async function openSavedModel(files: RunFiles, path: string, options: OpenOptions): Promise<Reranker> {
  const source = await files.openModel(path);
  if (!source)
    throw new Error(`${path}: expected the model that was saved there, got nothing — was it removed?`);
  return Reranker.fromCheckpoint(await openCheckpointOrOnnx(source), { ...options, newHead: false });
}
