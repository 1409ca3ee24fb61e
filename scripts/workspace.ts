import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { type Import, importsOf } from './imports.js';

/** The parts of a package.json that the checks read. */
export interface Manifest {
  name: string;
  scripts?: Record<string, string>;
  exports?: Record<string, unknown>;
  /** Names of its own, as `#platform`. */
  imports?: Record<string, unknown>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

/** A source file and what it imports. */
export interface SourceFile {
  /** From the repository's root, with forward slashes. */
  path: string;
  /** A `*.test.ts` file. */
  test: boolean;
  /** A test harness under `src/testing`, which other packages' tests import. */
  harness: boolean;
  imports: Import[];
}

/** One package of the workspace. */
export interface WorkspacePackage {
  /** Its folder from the repository's root, with forward slashes. */
  folder: string;
  manifest: Manifest;
  files: SourceFile[];
}

const SKIPPED = new Set(['node_modules', 'dist', 'output', 'fixtures', 'generated']);

/** The packages under `packages/` (their `src`) and `examples`, with their TypeScript files. */
export function readWorkspace(root: string): WorkspacePackage[] {
  const folders = readdirSync(join(root, 'packages'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `packages/${entry.name}`);
  if (existsSync(join(root, 'examples'))) folders.push('examples');
  return folders.sort().map((folder) => ({
    folder,
    manifest: readManifest(root, `${folder}/package.json`),
    files: typeScriptFiles(root, folder === 'examples' ? folder : `${folder}/src`),
  }));
}

/** Reads a package.json. @throws when it is missing, no JSON, or has no name */
export function readManifest(root: string, path: string): Manifest {
  const text = existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : null;
  const manifest = text === null ? null : (JSON.parse(text) as Manifest);
  if (typeof manifest?.name !== 'string') {
    throw new Error(`${path}: expected a package.json with a name, got none — add it or remove the folder`);
  }
  return manifest;
}

function typeScriptFiles(root: string, folder: string): SourceFile[] {
  if (!existsSync(join(root, folder))) {
    throw new Error(`${folder}: expected the package's sources, got no such folder — add src/index.ts`);
  }
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !path.split('/').some((part) => SKIPPED.has(part)))
    .sort()
    .map((path) => ({
      path,
      test: /\.test\.tsx?$/.test(path),
      harness: path.includes('/src/testing/'),
      imports: importsOf(path, readFileSync(join(root, path), 'utf8')),
    }));
}
