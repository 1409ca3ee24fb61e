import { checkAlignment, DataError, openTeacherVectors, type TeacherVectors } from '@rag/data';
import { ConfigError } from '../config/config-error.js';
import type { CompleteEmbeddingConfig } from '../config/embedding-config.js';
import type { RunFiles } from '../run-files.js';

type Settings = Pick<CompleteEmbeddingConfig, 'trainDataset' | 'trainDatasetVec' | 'teacherEmbeddingDim'>;

/** A teacher's vectors that belong to the texts of a run. */
export interface Teacher {
  readonly vectors: TeacherVectors;
  /** What could be compared: the number of rows alone, or each text's hash. */
  readonly checked: 'count' | 'hashes';
}

/**
 * Opens `train_dataset_vec` and compares it with its texts.
 * @throws ConfigError that names the settings and the texts, where the file does not fit; DataError for a text that is not its
 * vector's
 */
export async function openTeacherFile(
  files: Pick<RunFiles, 'openData'>,
  { trainDataset, trainDatasetVec, teacherEmbeddingDim: width }: Settings,
  texts: Parameters<typeof checkAlignment>[1],
): Promise<Teacher> {
  const source = await files.openData(trainDatasetVec!);
  try {
    const vectors = await openTeacherVectors(source, {
      rows: texts.length,
      ...(width !== undefined && { width }),
    });
    try {
      return { vectors, checked: await checkAlignment(vectors, texts) };
    } catch (error) {
      await vectors.close();
      throw error;
    }
  } catch (cause) {
    if (!(cause instanceof DataError) || cause.at.file !== source.name) throw cause;
    const given = width === undefined ? 'which is not set' : `here ${width}`;
    throw new ConfigError(
      'train_dataset_vec',
      'train_dataset_vec',
      `${cause.message}; its width is teacher_embedding_dim, ${given}, and its rows are the ${texts.length} texts of ${trainDataset.join(', ')}`,
      { cause },
    );
  }
}
