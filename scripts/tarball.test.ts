import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tinyCheckpoint, writeFiles } from '../packages/reranker/src/testing/tiny-checkpoint.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);
const project = mkdtempSync(join(tmpdir(), 'rag-tarball-'));
afterAll(() => rmSync(project, { recursive: true, force: true }));

/** A package of the workspace and all that it depends on there, by folder name. */
function withDependencies(name: string, seen = new Set<string>()): Set<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  const { dependencies = {} } = JSON.parse(
    readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'),
  ) as { dependencies?: Record<string, string> };
  for (const dependency of Object.keys(dependencies))
    if (dependency.startsWith('@rag/')) withDependencies(dependency.slice(5), seen);
  return seen;
}

/** Packs a built package as it would be published; the tarball's path, with slashes. */
async function pack(name: string): Promise<string> {
  const folder = join(root, 'packages', name);
  if (!existsSync(join(folder, 'dist')))
    throw new Error(
      `packages/${name}/dist: expected the built package, got no such folder — run pnpm run build first`,
    );
  const target = join(project, 'tarballs', name);
  mkdirSync(target, { recursive: true });
  const pnpm = join(root, 'node_modules/pnpm');
  const { bin } = JSON.parse(readFileSync(join(pnpm, 'package.json'), 'utf8')) as { bin: { pnpm: string } };
  await run(process.execPath, [join(pnpm, bin.pnpm), 'pack', '--pack-destination', target], { cwd: folder });
  const [tarball] = readdirSync(target);
  return `file:${join(target, tarball!).replaceAll('\\', '/')}`;
}

/** Runs a script of the project on this Node, without the conditions and loaders of the tests; what it printed as JSON. */
async function node(name: string, script: string): Promise<unknown> {
  writeFileSync(join(project, name), script);
  const { NODE_OPTIONS: _, ...env } = process.env;
  const { stdout } = await run(process.execPath, [name], { cwd: project, env });
  return JSON.parse(stdout);
}

beforeAll(async () => {
  const names = [...withDependencies('reranker')];
  const packed = await Promise.all(names.map(async (name) => [`@rag/${name}`, await pack(name)] as const));
  const { '@rag/reranker': reranker, ...others } = Object.fromEntries(packed);
  // Dependencies of the same workspace come from tarballs too, since no registry has them.
  const manifest = { private: true, dependencies: { '@rag/reranker': reranker }, overrides: others };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  // No install script runs: onnxruntime-node's would fetch CUDA libraries.
  const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  await run('npm', install, { cwd: project, shell: process.platform === 'win32', maxBuffer: 2 ** 26 });
  await writeFiles(join(project, 'model'), await tinyCheckpoint());
}, 300_000);

const reranking = `
  const model = await CrossEncoder.fromPretrained('model');
  const passages = ['the cat sat', 'the moon is bright at night', '', '为 什 么 月 亮'];
  const ranked = await model.rerank('why is the moon bright', passages);
  const scores = await model.computeScore(passages.map((passage) => ['why is the moon bright', passage]));
  await model.savePretrained('saved');
  model.dispose();
  const saved = await CrossEncoder.fromPretrained('saved');
  const again = await saved.rerank('why is the moon bright', passages);
  saved.dispose();
  console.log(JSON.stringify({ ranked, scores, again }));
`;

interface Printed {
  ranked: { index: number; score: number; text: string }[];
  scores: number[];
  again: Printed['ranked'];
}

function check({ ranked, scores, again }: Printed): void {
  expect(scores).toHaveLength(4);
  expect(scores.every((score) => Number.isFinite(score))).toBe(true);
  expect(new Set(scores).size).toBe(4);
  const best = [0, 1, 2, 3].toSorted((a, b) => scores[b]! - scores[a]!);
  expect(ranked.map(({ index }) => index)).toEqual(best);
  expect(ranked.map(({ score }) => score)).toEqual(best.map((index) => scores[index]));
  expect(again).toEqual(ranked);
}

it('the packed @rag/reranker installs into an empty npm project and reranks there', async () => {
  check((await node('rerank.mjs', `import { CrossEncoder } from '@rag/reranker';\n${reranking}`)) as Printed);
});

it('is required from CommonJS', async () => {
  const script = `const { CrossEncoder } = require('@rag/reranker');\n(async () => {${reranking}})();`;
  check((await node('rerank.cjs', script)) as Printed);
});

it('has what training needs in its own entry', async () => {
  const script = `import * as training from '@rag/reranker/training'; console.log(JSON.stringify(Object.keys(training)));`;
  expect(await node('training.mjs', script)).toEqual([
    'classifierConfig',
    'classifierParameters',
    'collateGroups',
    'collatePointwise',
    'longestSequence',
    'pairEncoder',
    'rerankerObjective',
  ]);
});

it('installs no source, no test and nothing of the workspace but what it depends on', () => {
  const installed = readdirSync(join(project, 'node_modules/@rag'));
  expect(installed.toSorted()).toEqual([...withDependencies('reranker')].toSorted());
  for (const name of installed)
    expect(readdirSync(join(project, 'node_modules/@rag', name))).not.toContain('src');
});
