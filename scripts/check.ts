/** Checks floors, dependencies, browser entries and the code map; prints every violation and exits 1 if there is one. */
import { fileURLToPath } from 'node:url';
import { checkCodeMap } from './code-map.js';
import { checkDependencies } from './dependencies.js';
import { checkEntryGraphs } from './entry-graph.js';
import { checkFloors } from './floors.js';
import { readManifest, readWorkspace } from './workspace.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const packages = readWorkspace(root);
const violations = [
  ...checkFloors(packages),
  ...checkDependencies(packages, readManifest(root, 'package.json')),
  ...checkEntryGraphs(root, packages),
  ...checkCodeMap(root),
];
for (const violation of violations) console.error(violation);
if (violations.length > 0) {
  console.error(`check: expected a clean house, got ${violations.length} violations — see above`);
  process.exitCode = 1;
} else {
  console.log(`check: floors, dependencies, entries and code map hold for ${packages.length} packages`);
}
