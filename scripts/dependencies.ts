import { packageOf } from './imports.js';
import type { Manifest, SourceFile, WorkspacePackage } from './workspace.js';

/**
 * Compares each package.json with what the sources import, both ways: what shipped files import is a dependency (or
 * peer), what only tests and test harnesses import is at least a development dependency here or at the root, and nothing
 * listed is unused.
 * Type-only imports count: they stay in the published declarations.
 *
 * @param root the root package.json; its development dependencies serve every test
 * @returns one line per violation
 */
export function checkDependencies(packages: readonly WorkspacePackage[], root: Manifest): string[] {
  return packages.flatMap((pkg) => [...unlisted(pkg, root), ...unused(pkg)]);
}

const forTests = (file: SourceFile) => file.test || file.harness;

function unlisted(pkg: WorkspacePackage, root: Manifest): string[] {
  const { name, dependencies, devDependencies, peerDependencies, optionalDependencies } = pkg.manifest;
  const shipped = new Set([
    name,
    ...Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies }),
  ]);
  const tested = new Set([...shipped, ...Object.keys({ ...devDependencies, ...root.devDependencies })]);
  return pkg.files.flatMap((file) =>
    file.imports
      .map(({ specifier, line }) => ({ line, imported: packageOf(specifier) }))
      .filter(({ imported }) => imported !== null && !(forTests(file) ? tested : shipped).has(imported))
      .map(
        ({ line, imported }) =>
          `${file.path}:${line}: expected ${imported} in ${forTests(file) ? 'devDependencies' : 'dependencies or peerDependencies'} of ${pkg.folder}/package.json, got none — list it or drop the import`,
      ),
  );
}

function unused(pkg: WorkspacePackage): string[] {
  const { dependencies, devDependencies, peerDependencies, optionalDependencies, scripts } = pkg.manifest;
  const importedBy = (files: WorkspacePackage['files']) =>
    new Set(files.flatMap((file) => file.imports.map(({ specifier }) => packageOf(specifier))));
  const shipped = importedBy(pkg.files.filter((file) => !forTests(file)));
  const anywhere = importedBy(pkg.files);
  const commands = Object.values(scripts ?? {})
    .join(' ')
    .split(/\s+/);
  const lines: string[] = [];
  for (const name of Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies })) {
    if (!shipped.has(name)) {
      lines.push(
        `${pkg.folder}/package.json: expected dependency ${name} to be imported by a shipped file, got no import — remove it`,
      );
    }
  }
  for (const name of Object.keys(devDependencies ?? {})) {
    if (!anywhere.has(name) && !name.startsWith('@types/') && !commands.includes(name)) {
      lines.push(
        `${pkg.folder}/package.json: expected devDependency ${name} to be imported or run, got neither — remove it`,
      );
    }
  }
  return lines;
}
