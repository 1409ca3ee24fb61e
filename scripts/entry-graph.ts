import { existsSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix } from 'node:path';
import { packageOf } from './imports.js';
import type { WorkspacePackage } from './workspace.js';

/**
 * Entries that run in a browser: no Node built-in and no native module may be reached from them under the condition `browser`. Of
 * `@rag/train` the root is the core that knows no platform.
 */
export const BROWSER_ENTRIES = [
  '@rag/onnx',
  '@rag/text',
  '@rag/data',
  '@rag/eval',
  '@rag/losses',
  '@rag/models',
  '@rag/models/web',
  '@rag/runtime',
  '@rag/embedding',
  '@rag/embedding/training',
  '@rag/reranker',
  '@rag/reranker/training',
  '@rag/colbert',
  '@rag/colbert/training',
  '@rag/train',
];

/** What a served task package may reach from its root entry. */
export const SERVED_PACKAGES = ['@rag/onnx', '@rag/text', '@rag/models', '@rag/runtime'];

const TASK_PACKAGES = ['@rag/embedding', '@rag/reranker', '@rag/colbert'];
const NATIVE_MODULES = ['onnxruntime-node', 'koffi'];

/**
 * Follows the value imports of entries, across packages and with the conditions of a page, and finds what must not be reached: Node
 * built-ins and native modules in what a browser runs, dataset or loss code in a served task package.
 *
 * @returns one line per violation
 */
export function checkEntryGraphs(root: string, packages: readonly WorkspacePackage[]): string[] {
  const lines: string[] = [];
  const there = new Set(
    packages.flatMap(({ manifest }) =>
      Object.keys(manifest.exports ?? {}).map((entry) => manifest.name + entry.slice(1)),
    ),
  );
  for (const entry of BROWSER_ENTRIES) {
    if (!there.has(entry)) continue;
    walk(root, packages, entry, (specifier, where) => {
      const target = packageOf(specifier);
      if (isBuiltin(specifier) || (target !== null && NATIVE_MODULES.includes(target)))
        lines.push(
          `${where}: expected nothing of Node in what ${entry} runs in a browser, got "${specifier}" — move it under the package's ./node entry, or behind a \`browser\` condition`,
        );
      const own = target === entry || target === null || !target.startsWith('@rag/');
      if (TASK_PACKAGES.includes(entry) && !own && !SERVED_PACKAGES.includes(target))
        lines.push(
          `${where}: expected only ${SERVED_PACKAGES.join(', ')} in what ${entry} serves, got "${specifier}" — move it to ${entry}/training`,
        );
    });
  }
  return lines;
}

/** Visits every value import reachable from a specifier of the workspace, each file once. */
function walk(
  root: string,
  packages: readonly WorkspacePackage[],
  start: string,
  visit: (specifier: string, where: string) => void,
): void {
  const files = new Map(packages.flatMap((pkg) => pkg.files).map((file) => [file.path, file]));
  const seen = new Set<string>();
  const enter = (path: string, where: string) => {
    if (seen.has(path)) return;
    seen.add(path);
    const file = files.get(path);
    if (file === undefined) {
      if (existsSync(join(root, path))) return;
      throw new Error(`${where}: expected a source file, got no ${path} — correct the import or the exports`);
    }
    for (const { specifier, line, typeOnly } of file.imports) {
      if (typeOnly) continue;
      const here = `${path}:${line}`;
      visit(specifier, here);
      if (specifier.startsWith('.')) {
        enter(posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.ts'), here);
      } else {
        const source = specifier.startsWith('#')
          ? privateSourceOf(packages, path, specifier)
          : sourceOf(packages, specifier);
        if (source !== null) enter(source, here);
      }
    }
  };
  const source = sourceOf(packages, start);
  if (source === null)
    throw new Error(`${start}: expected a root entry with a @rag/source condition, got none — add it`);
  enter(source, start);
}

/** The source file of a workspace specifier by the package's `@rag/source` condition; null outside the workspace. */
function sourceOf(packages: readonly WorkspacePackage[], specifier: string): string | null {
  const name = packageOf(specifier);
  const pkg = packages.find(({ manifest }) => manifest.name === name);
  if (pkg === undefined || name === null) return null;
  return sourceIn(pkg, pkg.manifest.exports?.[`.${specifier.slice(name.length)}`]);
}

/** The source file of a package's own name (`#platform`) in a page. */
function privateSourceOf(
  packages: readonly WorkspacePackage[],
  importer: string,
  specifier: string,
): string | null {
  const pkg = packages.find(({ folder }) => importer.startsWith(`${folder}/`));
  const source = pkg && sourceIn(pkg, pkg.manifest.imports?.[specifier]);
  if (!source)
    throw new Error(
      `${importer}: expected "${specifier}" among the imports of package.json with a @rag/source condition, got none — add it`,
    );
  return source;
}

function sourceIn({ folder }: WorkspacePackage, entry: unknown): string | null {
  let source = (entry as Record<string, unknown> | undefined)?.['@rag/source'];
  while (typeof source === 'object' && source !== null) {
    const conditions: Record<string, unknown> = { ...source };
    source = conditions.browser ?? conditions.default;
  }
  return typeof source === 'string' ? posix.join(folder, source) : null;
}
