import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { checkFloors } from './floors.js';
import { syntheticManifest, syntheticRepository } from './synthetic-repository.js';
import { readWorkspace } from './workspace.js';

function floorsOf(files: Record<string, string | object>): string[] {
  return checkFloors(
    readWorkspace(syntheticRepository({ 'packages/onnx/src/index.ts': '', ...base, ...files })),
  );
}

const base = {
  'packages/onnx/package.json': syntheticManifest('@rag/onnx'),
  'packages/losses/package.json': syntheticManifest('@rag/losses'),
  'packages/losses/src/index.ts': "import { trace } from '@rag/onnx';",
  'packages/reranker/package.json': syntheticManifest('@rag/reranker'),
  'packages/reranker/src/index.ts': "import type { Pair } from '@rag/data';",
};

it('the floors of this repository hold', () => {
  expect(checkFloors(readWorkspace(fileURLToPath(new URL('..', import.meta.url))))).toEqual([]);
});

it('imports that go down, and types of @rag/data in a task package, pass', () => {
  expect(floorsOf({})).toEqual([]);
});

it('an upward import fails with its line', () => {
  expect(floorsOf({ 'packages/onnx/src/index.ts': "\nimport { train } from '@rag/train/node';" })).toEqual([
    'packages/onnx/src/index.ts:2: expected imports to go down from @rag/onnx (floor 0), got @rag/train (floor 3) — move the shared part to a lower floor',
  ]);
});

it.each([
  ['a sideways import', "import { load } from '@rag/models';"],
  ['a sideways type', "import type { Model } from '@rag/models';"],
  ['a sideways dynamic import', "await import('@rag/runtime');"],
])('%s fails', (_, text) => {
  expect(floorsOf({ 'packages/losses/src/bce.ts': text })).toEqual([
    expect.stringMatching(
      /^packages\/losses\/src\/bce.ts:1: expected imports to go down from @rag\/losses \(floor 1\), got/,
    ),
  ]);
});

it('tests keep to the floors too', () => {
  expect(floorsOf({ 'packages/losses/src/bce.test.ts': "import '@rag/models';" })).toHaveLength(1);
});

it('an upward dependency in package.json fails', () => {
  expect(
    floorsOf({ 'packages/losses/package.json': syntheticManifest('@rag/losses', ['@rag/reranker']) }),
  ).toEqual([
    expect.stringContaining(
      'packages/losses/package.json: expected imports to go down from @rag/losses (floor 1)',
    ),
  ]);
});

it('a value of @rag/data in a task package fails, except in its tests', () => {
  const value = "import { loader } from '@rag/data';";
  expect(
    floorsOf({ 'packages/reranker/src/collate.ts': value, 'packages/reranker/src/a.test.ts': value }),
  ).toEqual([
    expect.stringContaining('packages/reranker/src/collate.ts:1: expected "import type" from @rag/data'),
  ]);
});

it('a path into another package fails', () => {
  expect(floorsOf({ 'packages/losses/src/bce.ts': "import '../../onnx/src/index.js';" })).toEqual([
    expect.stringContaining('packages/losses/src/bce.ts:1: expected a path inside packages/losses'),
  ]);
});

it('an unknown package fails, as importer and as import', () => {
  const lines = floorsOf({
    'packages/odd/package.json': { name: '@rag/odd' },
    'packages/odd/src/index.ts': '',
    'packages/losses/src/bce.ts': "import '@rag/misc';",
  });
  expect(lines).toEqual([
    expect.stringContaining(
      'packages/losses/src/bce.ts:1: expected a package of this workspace, got @rag/misc',
    ),
    expect.stringContaining('packages/odd/package.json: expected a package with a floor, got @rag/odd'),
  ]);
});
