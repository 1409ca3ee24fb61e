import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Files by path. */
export type HubFiles = Readonly<Record<string, Uint8Array | string>>;

/** The files of a directory and of its folders. */
export async function filesOfDirectory(directory: string, folder = ''): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {};
  for (const entry of await readdir(join(directory, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) Object.assign(files, await filesOfDirectory(directory, path));
    else files[path] = await readFile(join(directory, path));
  }
  return files;
}

/** A model on the hub of a test. */
export interface HubModel {
  /** Revisions in their order; the last is what `main` is. Each is all of its files. */
  readonly commits: readonly HubCommit[];
  /** Only with the token. */
  readonly private?: boolean;
  /** Only for accounts that accepted its conditions, of which the test has none. */
  readonly gated?: boolean;
}

export interface HubCommit {
  /** 40 hexadecimal digits. */
  readonly id: string;
  readonly files: ReadonlyMap<string, HubFile>;
  /** Tags and branches beside `main`. */
  readonly names: readonly string[];
}

export interface HubFile {
  readonly path: string;
  readonly content: Uint8Array;
  /** git's SHA-1 of what git stores: the content, or the pointer to it. */
  readonly oid: string;
  /** SHA-256 of the content, where Git LFS holds it. */
  readonly sha256?: string;
  readonly pointerSize?: number;
}

const LARGE = 512;

/** A commit of these files; those over 512 bytes, and weights, are in Git LFS. */
export function hubCommit(files: HubFiles, names: readonly string[] = []): HubCommit {
  const entries = Object.entries(files).map(([path, content]) => hubFile(path, content));
  const tree = entries.map(({ path, oid }) => `${path} ${oid}`).join('\n');
  return {
    id: createHash('sha1').update(tree).update(names.join()).digest('hex'),
    files: new Map(entries.map((file) => [file.path, file])),
    names,
  };
}

function hubFile(path: string, given: Uint8Array | string): HubFile {
  const content = typeof given === 'string' ? new TextEncoder().encode(given) : given;
  if (content.length <= LARGE && !/\.(safetensors|bin|pt)$/.test(path))
    return { path, content, oid: gitOid(content) };
  const sha256 = createHash('sha256').update(content).digest('hex');
  const pointer = new TextEncoder().encode(
    `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${content.length}\n`,
  );
  return { path, content, oid: gitOid(pointer), sha256, pointerSize: pointer.length };
}

/** git's name of a blob. */
export const gitOid = (content: Uint8Array): string =>
  createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');

/** The commit of a revision: a name, a commit or the beginning of one. */
export function findCommit({ commits }: HubModel, revision: string): HubCommit | undefined {
  if (revision === 'main' || revision === 'HEAD') return commits.at(-1);
  return commits.findLast(
    ({ id, names }) => names.includes(revision) || (revision.length >= 7 && id.startsWith(revision)),
  );
}
