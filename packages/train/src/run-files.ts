import type { ByteSource } from '@rag/data';
import type { FileSource, ModelCardData } from '@rag/models';
import type { CheckpointToSave, HubSource, HubSourceOptions, MadeFromModel } from '@rag/models/node';

/** A model's files; one of the hub has a name and a commit. */
export type ModelFiles = FileSource & Partial<Pick<HubSource, 'id' | 'commit'>>;

/** Where a run reads and writes: one driver per platform. Paths are the user's own, joined with `/`. */
export interface RunFiles {
  /** A data file; throws DataError. */
  openData(path: string): Promise<ByteSource>;
  /** The name of a data file, its size, its SHA-256 and, where `rows` are asked for, its lines that are not blank; read as a stream. */
  describeData(path: string, content: 'rows' | 'vectors'): Promise<ModelCardData>;
  /** A model directory; undefined where there is none. With `hub` the path may be a model's name there; throws HubError. */
  openModel(path: string, hub?: HubSourceOptions): Promise<ModelFiles | undefined>;
  /** Writes a model directory with what is made from it, complete or not at all; an earlier one is replaced. */
  saveModel(path: string, model: CheckpointToSave, made?: MadeFromModel): Promise<void>;
  /** Files in a directory that no model's are, nor of these names: `saveModel` refuses to write beside them. */
  foreignFiles(path: string, names: readonly string[]): Promise<readonly string[]>;
  /**
   * Removes a directory at once where nothing but a model's files and these are in it; else these files of it, and the directory if it is
   * empty then. What is not there is no error.
   */
  removeModel(path: string, names: readonly string[]): Promise<void>;
  /** Removes what was being written to this directory, under these names, by a process that died in the middle. */
  removeUnfinished(path: string, isName: (name: string) => boolean): Promise<void>;
  /**
   * Takes a directory for one run; what it resolves to gives it back.
   * @throws ConfigError where another run holds it, and where it cannot be written
   */
  lock(path: string): Promise<() => Promise<void>>;
  /** A text file; undefined where there is none. */
  readText(path: string): Promise<string | undefined>;
  /** Makes a directory and those above it; throws where that cannot be. One that is there is no error. */
  makeDirectory(path: string): Promise<void>;
  /** Writes a text file atomically; its directory is made. */
  writeText(path: string, text: string): Promise<void>;
  /** What lies directly in a directory; nothing where there is none. */
  list(path: string): Promise<readonly string[]>;
}

/** Opens data files in order; those that are open are closed again where one cannot be. */
export async function openSources(
  { openData }: Pick<RunFiles, 'openData'>,
  paths: readonly string[],
): Promise<ByteSource[]> {
  const sources: ByteSource[] = [];
  try {
    for (const path of paths) sources.push(await openData(path));
  } catch (error) {
    for (const source of sources) await source.close();
    throw error;
  }
  return sources;
}
