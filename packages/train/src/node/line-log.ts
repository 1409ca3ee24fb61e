import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { ConfigError } from '../config/config-error.js';
import type { LineLog } from '../distill/score-cache.js';

/** Milliseconds between syncs to the disk; a process that dies loses nothing, a machine that does up to this. */
const syncMilliseconds = 1_000;

/**
 * A file of lines that only grows, made where there is none. What a crash left of a last line is cut off. One process may write it at a
 * time.
 * @throws ConfigError where it cannot be read and written
 */
export async function openLineLog(path: string): Promise<LineLog> {
  const refuse = (cause: NodeJS.ErrnoException): never => {
    const got = cause.code === 'ENOENT' ? 'one in a folder that does not exist' : String(cause.code);
    throw new ConfigError(
      path,
      undefined,
      `expected a file that can be read and written, got ${got} — make the folder, or choose another`,
      { cause },
    );
  };
  const file: FileHandle = await open(path, 'a+').catch(refuse);
  await file.truncate(await endOfLines(file)).catch(refuse);
  let synced = Date.now();
  let last: Promise<void> = Promise.resolve();
  return {
    name: path,
    lines: () =>
      createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY }),
    async append(lines) {
      if (lines.length === 0) return;
      // One after another: calls that overlap do not mix their lines.
      last = last.then(() => file.appendFile(lines.map((line) => `${line}\n`).join('')));
      await last;
      if (Date.now() - synced < syncMilliseconds) return;
      synced = Date.now();
      await file.datasync();
    },
    async close() {
      await file.datasync();
      await file.close();
    },
  };
}

/** Bytes through the last line feed. */
async function endOfLines(file: FileHandle): Promise<number> {
  const chunk = new Uint8Array(1 << 16);
  let { size: end } = await file.stat();
  while (end > 0) {
    const from = Math.max(0, end - chunk.length);
    const { bytesRead } = await file.read(chunk, 0, end - from, from);
    const at = chunk.subarray(0, bytesRead).lastIndexOf(0x0a);
    if (at >= 0) return from + at + 1;
    end = from;
  }
  return 0;
}
