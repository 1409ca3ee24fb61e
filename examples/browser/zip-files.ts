import { type Zippable, zipSync } from 'fflate';

/** Files as one zip archive, stored as they are: weights do not compress. */
export async function zipFiles(files: ReadonlyMap<string, Blob>): Promise<Blob> {
  const entries: Zippable = {};
  for (const [path, blob] of files) entries[path] = [new Uint8Array(await blob.arrayBuffer()), { level: 0 }];
  return new Blob([zipSync(entries)], { type: 'application/zip' });
}
