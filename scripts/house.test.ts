import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import config from '../vitest.config.js';
import workspace from '../vitest.workspace.js';
import { findChromium } from './chromium.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);
const PROJECTS = findChromium() ? ['unit', 'cpu', 'browser', 'house'] : ['unit', 'cpu', 'house'];

it('the top level is as it was given', () => {
  const given = ['package.json', 'pnpm-workspace.yaml', 'turbo.json', 'vitest.workspace.ts'];
  const folders = ['packages', 'examples', 'example_data'];
  for (const path of [...given, ...folders, 'LICENSE', 'README.md', 'CODEMAP.md', '.ci/run']) {
    expect(existsSync(join(root, path)), path).toBe(true);
  }
});

it('pnpm runs no install script and knows both workspaces', () => {
  const lines = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8').split(/\r?\n/);
  expect(lines.slice(0, 3)).toEqual(['packages:', '  - packages/*', '  - examples']);
  const builds = lines.slice(lines.indexOf('allowBuilds:') + 1).filter((line) => line !== '');
  expect(builds).toContain('  onnxruntime-node: false');
  expect(builds.filter((line) => !/^ {2}[\w-]+: false$/.test(line))).toEqual([]);
});

it('turbo builds packages after those they import', () => {
  const { tasks } = JSON.parse(readFileSync(join(root, 'turbo.json'), 'utf8'));
  expect(tasks.build).toMatchObject({ dependsOn: ['^build'], outputs: ['dist/**'] });
});

it('vitest.config.ts hands the projects of vitest.workspace.ts to vitest', () => {
  const names = workspace.flatMap(({ test }) =>
    'browser' in test ? test.browser.instances.map(({ name }) => name) : [test.name],
  );
  expect(names).toEqual(PROJECTS);
  expect((config as { test: { projects: unknown } }).test.projects).toBe(workspace);
});

it('vitest itself finds the projects and gives no test file to two of them', async () => {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const list = [vitest, 'list', '--filesOnly', '--json'];
  const { stdout } = await run(process.execPath, list, { cwd: root, maxBuffer: 2 ** 26 });
  const files: { file: string; projectName: string }[] = JSON.parse(stdout.slice(stdout.indexOf('[')));
  expect([...new Set(files.map(({ projectName }) => projectName))].sort()).toEqual([...PROJECTS].sort());
  expect(new Set(files.map(({ file }) => file)).size).toBe(files.length);
});

it('the check command exits 0 on this repository', async () => {
  const tsx = join(root, 'node_modules/tsx/dist/cli.mjs');
  const { stdout } = await run(process.execPath, [tsx, 'scripts/check.ts'], { cwd: root });
  expect(stdout).toContain('check: floors, dependencies, entries and code map hold');
});
