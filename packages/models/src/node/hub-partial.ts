import { createHash } from 'node:crypto';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** Milliseconds without a write after which a download of another machine or program counts as given up. */
const GIVEN_UP = 3_600_000;

/**
 * The file to download a blob into: what an earlier attempt left, where there is one, or a new name. It belongs to this
 * process: two that fetch the same blob at once never write to one file, and whoever finishes last replaces equal bytes.
 * Names are `<blob>.<machine>-<process>.incomplete`; Python's `<blob>.incomplete` is taken over as well.
 */
export async function claimPartial(blob: string): Promise<string> {
  const [folder, etag] = [dirname(blob), basename(blob)];
  const own = join(folder, `${etag}.${machine}-${process.pid}.incomplete`);
  const left: { path: string; size: number }[] = [];
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${etag}.`) || !name.endsWith('.incomplete')) continue;
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() && isAbandoned(name.slice(etag.length + 1, -'.incomplete'.length), found.mtimeMs))
      left.push({ path, size: found.size });
  }
  left.sort((a, b) => b.size - a.size);
  const [longest, ...shorter] = left;
  for (const { path } of shorter) await rm(path, { force: true });
  if (longest && longest.path !== own)
    await rename(longest.path, own).catch((error: NodeJS.ErrnoException) => {
      // Another process took it first.
      if (error.code !== 'ENOENT') throw error;
    });
  return own;
}

const machine = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

function isAbandoned(owner: string, modified: number): boolean {
  const [, where, id] = /^([0-9a-f]{8})-(\d+)$/.exec(owner) ?? [];
  if (where !== machine) return Date.now() - modified > GIVEN_UP;
  return Number(id) === process.pid || !isRunning(Number(id));
}

function isRunning(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
