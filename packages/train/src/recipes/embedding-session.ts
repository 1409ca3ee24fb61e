import { Embedding, type EmbeddingSettings } from '@rag/embedding';
import { type EmbeddingLoss, embeddingCheckpoint } from '@rag/embedding/training';
import { type FileSource, openCheckpointOrOnnx, type TrainableFile } from '@rag/models';
import type { CheckpointToSave } from '@rag/models/node';
import type { OpenOptions, TrainingSession } from '@rag/runtime';
import type { CompleteEmbeddingConfig } from '../config/embedding-config.js';
import type { StartingEmbedding } from './starting-embedding.js';
import { withTrainedFile } from './trained-file.js';

export type LossType = NonNullable<CompleteEmbeddingConfig['lossType']>;

/** What scores are divided by where the settings do not say: each loss's own default. */
const TEMPERATURES = { infonce: 0.02, kl_divergence: 0.02, margin_mse: 1, cosent: 0.05, angle: 0.05 };

type LossSettings = Partial<
  Pick<
    CompleteEmbeddingConfig,
    'temperature' | 'normalizeEmbeddings' | 'knowledgeDistillation' | 'kdLossType'
  >
>;

/** What a loss divides scores by: inner products of vectors of any length by 1, as FlagEmbedding has them. */
export const temperatureOf = (
  lossType: Exclude<LossType, 'distill'>,
  { temperature, normalizeEmbeddings = true }: LossSettings,
): number => temperature ?? (normalizeEmbeddings ? TEMPERATURES[lossType] : 1);

/** The loss as the objective takes it. @param teacherWidth for `distill` */
export function embeddingLoss(
  lossType: LossType,
  config: Pick<CompleteEmbeddingConfig, 'compat'> & LossSettings,
  teacherWidth: number | undefined,
): EmbeddingLoss {
  if (lossType === 'distill') return { kind: 'distill', teacherWidth: teacherWidth! };
  const temperature = temperatureOf(lossType, config);
  const products = config.normalizeEmbeddings === false ? { normalize: false } : {};
  switch (lossType) {
    case 'infonce':
      return {
        kind: 'in-batch',
        temperature,
        ...products,
        ...(config.knowledgeDistillation && { distill: config.kdLossType ?? 'kl_div' }),
      };
    case 'kl_divergence':
      return { kind: 'scored', temperature, compat: config.compat, ...products };
    case 'margin_mse':
      return { kind: 'margin-mse', temperature, ...products };
    case 'cosent':
    case 'angle':
      return { kind: lossType, scale: 1 / temperature };
  }
}

type Saved = Pick<StartingEmbedding, 'config' | 'head' | 'tokenizerFiles' | 'pooler'> & {
  readonly settings: EmbeddingSettings;
};

/** The checkpoint of a model whose parameters are read by their names when they are written. */
export const wholeEmbedding = (
  { pooler = new Map(), ...parts }: Saved,
  read: (name: string) => Promise<Float32Array>,
): Promise<CheckpointToSave> =>
  embeddingCheckpoint({
    ...parts,
    read,
    pooler: new Map([...pooler].map(([name, data]) => [name, async () => data])),
  });

/** A model that is its ONNX file, as it stands, with the Dense modules that training appended. */
export async function embeddingFileToSave(
  parts: Saved,
  file: TrainableFile,
  session: Pick<TrainingSession, 'weights'>,
): Promise<CheckpointToSave> {
  const live = new Map(session.weights().map(({ name, data }) => [name, data as Float32Array]));
  const whole = await wholeEmbedding(parts, async (name) => live.get(name)!);
  return withTrainedFile(whole, file, session);
}

/** Opens a model that was just written, as its user will. */
export const openSavedEmbedding = async (source: FileSource, options: OpenOptions): Promise<Embedding> =>
  Embedding.fromCheckpoint(await openCheckpointOrOnnx(source), options);
