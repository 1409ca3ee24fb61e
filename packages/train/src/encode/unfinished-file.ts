/** A file that is being made and survives crashes up to its last commit: one driver per platform. */
export interface UnfinishedFile {
  /** What it will be called. */
  readonly name: string;
  /** How errors call the note. */
  readonly noteName: string;
  /** What the last commit noted; undefined where there is nothing to go on from. */
  readonly note: string | undefined;
  /** Begins: an earlier note and its bytes are gone. */
  begin(): Promise<void>;
  /** Goes on behind the first `bytes` bytes; throws where there are fewer. */
  goOn(bytes: number): Promise<void>;
  append(bytes: Uint8Array): Promise<void>;
  /** Makes what was appended durable, and after it the note that stands for it. */
  commit(note: string): Promise<void>;
  /** Overwrites the first bytes, makes all durable, and gives the file its name; the note is gone. */
  finish(header: Uint8Array): Promise<void>;
  /** Leaves what was committed for a later run. */
  close(): Promise<void>;
  /** Removes it. */
  discard(): Promise<void>;
}
