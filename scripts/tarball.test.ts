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
import {
  tinyCheckpoint as tinyEncoder,
  writeFiles,
} from '../packages/embedding/src/testing/tiny-checkpoint.js';
import { tinyCheckpoint } from '../packages/reranker/src/testing/tiny-checkpoint.js';

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

const TASKS = ['reranker', 'embedding', 'colbert'];
const needed = [...new Set(TASKS.flatMap((task) => [...withDependencies(task)]))];

beforeAll(async () => {
  const packed = await Promise.all(needed.map(async (name) => [name, await pack(name)] as const));
  const named = (wanted: (name: string) => boolean) =>
    Object.fromEntries(packed.filter(([name]) => wanted(name)).map(([name, file]) => [`@rag/${name}`, file]));
  const isTask = (name: string) => TASKS.includes(name);
  // Dependencies of the same workspace come from tarballs too, since no registry has them.
  const manifest = { private: true, dependencies: named(isTask), overrides: named((name) => !isTask(name)) };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  // No install script runs: onnxruntime-node's would fetch CUDA libraries.
  const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  await run('npm', install, { cwd: project, shell: process.platform === 'win32', maxBuffer: 2 ** 26 });
  await writeFiles(join(project, 'model'), await tinyCheckpoint());
  // The encoder alone, as both retrievers take it.
  await writeFiles(join(project, 'encoder'), await tinyEncoder({ head: null }));
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

it('the packed @rag/embedding encodes there, and its saved model gives the same vectors', async () => {
  const script = `
    import { Embedding } from '@rag/embedding';
    import * as training from '@rag/embedding/training';
    const texts = ['the cat sat', 'why is the moon bright'];
    const vectorsOf = async (directory) => {
      const model = await Embedding.fromPretrained(directory);
      const vectors = await model.encode(texts, { normalize: true });
      if (directory === 'encoder') await model.savePretrained('saved-embedding');
      model.dispose();
      return vectors.map((vector) => [...vector]);
    };
    const [first, again] = [await vectorsOf('encoder'), await vectorsOf('saved-embedding')];
    console.log(JSON.stringify({ first, again, training: typeof training.embeddingObjective }));`;
  const { first, again, training } = (await node('embed.mjs', script)) as Record<
    'first' | 'again',
    number[][]
  > & {
    training: string;
  };
  expect(first.map((vector) => Math.hypot(...vector).toFixed(5))).toEqual(['1.00000', '1.00000']);
  expect(first[0]).not.toEqual(first[1]);
  expect(again).toEqual(first);
  expect(training).toBe('function');
});

it('the packed @rag/colbert scores there, and its saved model gives the same scores', async () => {
  const script = `
    import { ColBERT } from '@rag/colbert';
    import * as training from '@rag/colbert/training';
    const scoresOf = async (directory, options) => {
      const model = await ColBERT.fromPretrained(directory, options);
      const scores = await model.computeScore([['the moon', 'the moon is bright'], ['the moon', 'a cat']]);
      if (options) await model.savePretrained('saved-colbert');
      model.dispose();
      return scores;
    };
    const first = await scoresOf('encoder', { colbertDim: 8, newHead: true });
    console.log(JSON.stringify({ first, again: await scoresOf('saved-colbert'), training: typeof training.colbertObjective }));`;
  const { first, again, training } = (await node('colbert.mjs', script)) as Record<
    'first' | 'again',
    number[]
  > & {
    training: string;
  };
  expect(first[0]).toBeGreaterThan(first[1]!);
  expect(again).toEqual(first);
  expect(training).toBe('function');
});

it('has what training needs in its own entry', async () => {
  const script = `import * as training from '@rag/reranker/training'; console.log(JSON.stringify(Object.keys(training)));`;
  expect(await node('training.mjs', script)).toEqual([
    'causalParameters',
    'classifierConfig',
    'classifierParameters',
    'collateGroups',
    'collatePointwise',
    'filesOfLength',
    'pairEncoder',
    'rerankerCheckpoint',
    'rerankerObjective',
  ]);
});

it('installs no source, no test and nothing of the workspace but what it depends on', () => {
  const installed = readdirSync(join(project, 'node_modules/@rag'));
  expect(installed.toSorted()).toEqual(needed.toSorted());
  for (const name of installed)
    expect(readdirSync(join(project, 'node_modules/@rag', name))).not.toContain('src');
});
