import { existsSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix } from 'node:path';
import { packageOf } from './imports.js';
import type { WorkspacePackage } from './workspace.js';

/** Packages whose root entry runs in a browser: no Node built-in and no native module may be reached from it. */
export const BROWSER_PACKAGES = [
  '@rag/onnx',
  '@rag/text',
  '@rag/data',
  '@rag/eval',
  '@rag/losses',
  '@rag/models',
];

/** What a served task package may reach from its root entry. */
export const SERVED_PACKAGES = ['@rag/onnx', '@rag/text', '@rag/models', '@rag/runtime'];

const TASK_PACKAGES = ['@rag/embedding', '@rag/reranker', '@rag/colbert'];
const NATIVE_MODULES = ['onnxruntime-node', 'koffi'];

/**
 * Follows the value imports of root entries, across packages, and finds what must not be reached: Node built-ins and
 * native modules in browser packages, dataset or loss code in a served task package.
 *
 * @returns one line per violation
 */
export function checkEntryGraphs(root: string, packages: readonly WorkspacePackage[]): string[] {
  const lines: string[] = [];
  for (const { manifest } of packages) {
    const browser = BROWSER_PACKAGES.includes(manifest.name);
    const task = TASK_PACKAGES.includes(manifest.name);
    if (!browser && !task) continue;
    walk(root, packages, manifest.name, (specifier, where) => {
      const target = packageOf(specifier);
      if (browser && (isBuiltin(specifier) || (target !== null && NATIVE_MODULES.includes(target)))) {
        lines.push(
          `${where}: expected nothing of Node in what ${manifest.name} runs in a browser, got "${specifier}" — move it under the package's ./node entry`,
        );
      }
      const own = target === manifest.name || target === null || !target.startsWith('@rag/');
      if (task && !own && !SERVED_PACKAGES.includes(target)) {
        lines.push(
          `${where}: expected only ${SERVED_PACKAGES.join(', ')} in what ${manifest.name} serves, got "${specifier}" — move it to ${manifest.name}/training`,
        );
      }
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
        const source = sourceOf(packages, specifier);
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
  const entry = pkg.manifest.exports?.[`.${specifier.slice(name.length)}`];
  let source = (entry as Record<string, unknown> | undefined)?.['@rag/source'];
  while (typeof source === 'object' && source !== null) {
    const conditions: Record<string, unknown> = { ...source };
    source = conditions.browser ?? conditions.default;
  }
  return typeof source === 'string' ? posix.join(pkg.folder, source) : null;
}
