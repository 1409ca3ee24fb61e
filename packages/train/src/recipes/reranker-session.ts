import type { NamedLoss } from '@rag/losses';
import { type AdapterTask, type FileSource, openCheckpointOrOnnx } from '@rag/models';
import type { CheckpointToSave } from '@rag/models/node';
import { Reranker } from '@rag/reranker';
import {
  filesOfLength,
  type RerankerKind,
  type RerankerLoss,
  rerankerCheckpoint,
} from '@rag/reranker/training';
import type { OpenOptions, TrainingSession } from '@rag/runtime';
import type { CompleteRerankerConfig } from '../config/reranker-config.js';
import { usesTeacher } from './reranker-data.js';
import type { StartingModel } from './starting-model.js';
import { withTrainedFile } from './trained-file.js';

/** The loss as the objective takes it. */
export function rerankerLoss(
  loss: NamedLoss,
  config: Pick<CompleteRerankerConfig, 'knowledgeDistillation'>,
): RerankerLoss {
  if (loss.kind === 'pointwise') return loss;
  const teacher = usesTeacher(loss, config);
  return { kind: 'group', loss: loss.loss, teacher, selfTaught: loss.teacher === 'optional' && !teacher };
}

type Saved = Pick<StartingModel, 'config' | 'tokenizerFiles' | 'model'> & {
  /** Tokens of a pair in training, which its user then takes for the default. */
  readonly maxLength: number;
};

/** The checkpoint of a model whose parameters are read by their names when they are written. */
export function wholeModel(
  { config, tokenizerFiles, model, weights, maxLength }: Saved & Pick<StartingModel, 'weights'>,
  read: (name: string) => Promise<Float32Array>,
): CheckpointToSave {
  const parameters = 'parameters' in weights ? weights.parameters : [];
  const plain = rerankerCheckpoint({ config, tokenizerFiles, parameters, read });
  return { ...plain, files: { ...plain.files, ...filesOfLength(model.parts, maxLength) } };
}

/** A model that is its ONNX file, as it stands. */
export const fileToSave = (
  start: Saved & Pick<StartingModel, 'weights' | 'file'>,
  session: Pick<TrainingSession, 'weights'>,
): CheckpointToSave =>
  withTrainedFile(
    wholeModel(start, async () => new Float32Array()),
    start.file!,
    session,
  );

/** PEFT's name of what a reranker's adapter is for: a causal language model has no head of its own. */
export const adapterTask = (kind: RerankerKind): AdapterTask => (kind === 'yes-no' ? 'CAUSAL_LM' : 'SEQ_CLS');

/** Opens a model that was just written, as its user will. */
export async function openSavedModel(source: FileSource, options: OpenOptions): Promise<Reranker> {
  return Reranker.fromCheckpoint(await openCheckpointOrOnnx(source), { ...options, newHead: false });
}
