import { posix } from 'node:path';
import { packageOf } from './imports.js';
import type { WorkspacePackage } from './workspace.js';

/** The floor of every package: imports only go to a lower one. */
export const FLOORS: Readonly<Record<string, number>> = {
  '@rag/onnx': 0,
  '@rag/text': 0,
  '@rag/data': 0,
  '@rag/eval': 0,
  '@rag/losses': 1,
  '@rag/models': 1,
  '@rag/runtime': 1,
  '@rag/embedding': 2,
  '@rag/reranker': 2,
  '@rag/colbert': 2,
  '@rag/train': 3,
  examples: 4,
};

const TASK_FLOOR = 2;

/**
 * Finds imports that do not go down, in sources, tests and package.json: upward, sideways, or into another package's
 * folder. Task packages import @rag/data for types only, so that serving ships no dataset code; their tests may run it.
 *
 * @returns one line per violation; none when the floors hold
 */
export function checkFloors(packages: readonly WorkspacePackage[]): string[] {
  return packages.flatMap((pkg) => {
    const floor = FLOORS[pkg.manifest.name];
    if (floor === undefined) {
      return [
        `${pkg.folder}/package.json: expected a package with a floor, got ${pkg.manifest.name} — give it one in scripts/floors.ts`,
      ];
    }
    return [...upwardDependencies(pkg, floor), ...upwardImports(pkg, floor), ...leavingImports(pkg)];
  });
}

function upwardImports(pkg: WorkspacePackage, floor: number): string[] {
  const violations: string[] = [];
  for (const file of pkg.files) {
    for (const { specifier, line, typeOnly } of file.imports) {
      const target = workspacePackage(specifier);
      if (target === null || target === pkg.manifest.name) continue;
      const problem = upward(pkg.manifest.name, floor, target);
      if (problem !== null) violations.push(`${file.path}:${line}: ${problem}`);
      if (floor === TASK_FLOOR && target === '@rag/data' && !typeOnly && !file.test) {
        violations.push(
          `${file.path}:${line}: expected "import type" from @rag/data in a task package, got a value import — take what you need as an argument`,
        );
      }
    }
  }
  return violations;
}

function upwardDependencies(pkg: WorkspacePackage, floor: number): string[] {
  const { dependencies, devDependencies, peerDependencies, optionalDependencies } = pkg.manifest;
  return Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies, ...optionalDependencies })
    .filter((name) => workspacePackage(name) !== null)
    .map((name) => upward(pkg.manifest.name, floor, name))
    .filter((problem) => problem !== null)
    .map((problem) => `${pkg.folder}/package.json: ${problem}`);
}

function leavingImports(pkg: WorkspacePackage): string[] {
  return pkg.files.flatMap((file) =>
    file.imports
      .filter(({ specifier }) => specifier.startsWith('.'))
      .filter(
        ({ specifier }) => !posix.join(posix.dirname(file.path), specifier).startsWith(`${pkg.folder}/`),
      )
      .map(
        ({ specifier, line }) =>
          `${file.path}:${line}: expected a path inside ${pkg.folder}, got "${specifier}" — import the other package by its name`,
      ),
  );
}

function upward(from: string, floor: number, target: string): string | null {
  const below = FLOORS[target];
  if (below === undefined) {
    return `expected a package of this workspace, got ${target} — give it a floor in scripts/floors.ts`;
  }
  if (below < floor) return null;
  return `expected imports to go down from ${from} (floor ${floor}), got ${target} (floor ${below}) — move the shared part to a lower floor`;
}

function workspacePackage(specifier: string): string | null {
  const name = packageOf(specifier);
  return name?.startsWith('@rag/') ? name : null;
}
