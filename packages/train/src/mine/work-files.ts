import type { ByteSource } from '@rag/data';
import type { UnfinishedFile } from '../encode/unfinished-file.js';

/** Where mining keeps what it made so far: a folder of its own, one driver per platform. */
export interface WorkFiles {
  /** A file that is being made, to begin or to go on with; one of the name that is finished is replaced in the end. */
  create(name: string): Promise<UnfinishedFile>;
  /** A file that is finished; undefined where there is none. */
  open(name: string): Promise<ByteSource | undefined>;
  /** A small text; undefined where there is none. */
  readText(name: string): Promise<string | undefined>;
  /** Replaces a small text, wholly or not at all. */
  writeText(name: string, text: string): Promise<void>;
  /** Removes a finished file; one that is not there is no error. */
  remove(name: string): Promise<void>;
}
