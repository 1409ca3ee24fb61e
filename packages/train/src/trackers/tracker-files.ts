/** A file that grows at its end. */
export interface GrowingFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** All of it. */
  read(): Promise<Uint8Array>;
  /** Drops what lies behind so many bytes. */
  cut(size: number): Promise<void>;
  append(bytes: Uint8Array): Promise<void>;
  /** Makes what was appended survive a loss of power. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Files of trackers: one driver per platform. Paths are joined with `/`. */
export interface TrackerFiles {
  /** Opens a file, made with the directories above it where there is none. */
  open(path: string): Promise<GrowingFile>;
  /** Names in a directory; none where there is none. */
  list(path: string): Promise<readonly string[]>;
}

/** When appended bytes are made safe against a loss of power: with every write, so many milliseconds after the last time, or at the end. A process that dies loses none of them. */
export type SyncPolicy = 'always' | 'end' | number;

/** Appends with a policy of syncing. */
export function syncedFile(file: GrowingFile, policy: SyncPolicy, now: () => number) {
  let synced = now();
  return {
    async append(bytes: Uint8Array): Promise<void> {
      if (bytes.length > 0) await file.append(bytes);
      if (policy === 'end' || (policy !== 'always' && now() - synced < policy)) return;
      synced = now();
      await file.sync();
    },
    async close(): Promise<void> {
      await file.sync();
      await file.close();
    },
  };
}
