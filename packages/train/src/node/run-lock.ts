import { createHash, randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../config/config-error.js';
import { processStart } from './process-start.js';

/** The file in `output_dir` that says who writes there. */
export const LOCK_FILE = 'run.lock';

/** Who holds a lock. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly started: string;
  readonly token: string;
}

/**
 * Takes a directory for one run. A lock whose process is gone is taken over: the process of its id, on its host, does not live, or began at
 * another time.
 * @returns gives it back; what is not ours any more stays
 * @throws ConfigError where another run holds it, and where the directory cannot be written
 */
export async function lockRun(directory: string): Promise<() => Promise<void>> {
  const path = join(directory, LOCK_FILE);
  const own: Holder = {
    ...{ pid: process.pid, host: hostname(), token: randomUUID() },
    started: (await processStart(process.pid)) ?? '',
  };
  const text = `${JSON.stringify(own)}\n`;
  const drafted = join(directory, `.${LOCK_FILE}.${own.token.slice(-12)}.tmp`);
  try {
    await writeFile(drafted, text, { flag: 'wx' });
    for (;;) {
      const before = await chainIn(directory);
      const last = before.at(-1);
      if (last && (await isLiving(last.text))) throw inUse(directory, holderOf(last.text));
      const place = last ? successorOf(path, last.text) : path;
      // A link appears whole, and only where there is none.
      if (!(await linked(drafted, place))) continue;
      if ((await chainIn(directory)).at(-1)?.text === text) {
        if (place !== path) await rename(place, path);
        for (const stale of before.slice(1)) await rm(stale.path, { force: true });
        break;
      }
      // Somebody shortened the chain meanwhile.
      await rm(place, { force: true });
    }
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new ConfigError(
      'output_dir',
      'output_dir',
      `expected a directory that can be written, got ${directory} (${(cause as Error).message}) — choose another`,
      { cause },
    );
  } finally {
    await rm(drafted, { force: true }).catch(() => {});
  }
  return async () => {
    if ((await readFile(path, 'utf8').catch(absent)) === text) await rm(path, { force: true });
  };
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    // Some file systems have no links.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error;
    return writeFile(to, await readFile(from), { flag: 'wx' }).then(
      () => true,
      (second: NodeJS.ErrnoException) => {
        if (second.code === 'EEXIST') return false;
        throw second;
      },
    );
  }
}

/** A lock that is taken over from a holder stands here until it takes its name: for each holder once. */
const successorOf = (path: string, text: string): string =>
  `${path}.${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;

/** The lock, and those that took it over without having its name yet; the last one counts. */
async function chainIn(directory: string): Promise<{ readonly path: string; readonly text: string }[]> {
  const path = join(directory, LOCK_FILE);
  const chain: { path: string; text: string }[] = [];
  for (let place = path; ; ) {
    const text = await readFile(place, 'utf8').catch(absent);
    if (text === undefined) return chain;
    chain.push({ path: place, text });
    place = successorOf(path, text);
  }
}

/** undefined: the text is none that a run wrote, such as the part that a full disk took. */
function holderOf(text: string): Holder | undefined {
  try {
    const { pid, host, started, token } = JSON.parse(text) as Partial<Holder>;
    const isWhole = Number.isSafeInteger(pid) && pid! > 0;
    if (isWhole && typeof host === 'string' && typeof started === 'string' && typeof token === 'string')
      return { pid: pid!, host, started, token };
  } catch {
    // No JSON.
  }
  return undefined;
}

async function isLiving(text: string): Promise<boolean> {
  const holder = holderOf(text);
  if (!holder) return false;
  // Processes of other machines cannot be asked for.
  if (holder.host !== hostname()) return true;
  return (await processStart(holder.pid)) === holder.started;
}

const inUse = (directory: string, holder: Holder | undefined): ConfigError =>
  new ConfigError(
    'output_dir',
    'output_dir',
    `expected a directory that no run writes to, got ${directory}, which process ${holder?.pid} on ${holder?.host} holds — choose another, or wait for its end${holder?.host === hostname() ? '' : `; if that process is gone, delete ${join(directory, LOCK_FILE)}`}`,
  );

function absent(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
  throw error;
}
