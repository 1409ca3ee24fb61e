import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { checkEntryGraphs } from './entry-graph.js';
import { syntheticManifest, syntheticRepository } from './synthetic-repository.js';
import { readWorkspace } from './workspace.js';

function check(files: Record<string, string | object>): string[] {
  const root = syntheticRepository({
    'packages/onnx/package.json': syntheticManifest('@rag/onnx', [], ['.', './testing']),
    'packages/onnx/src/index.ts': "export { trace } from './trace.js';",
    'packages/onnx/src/trace.ts': '',
    'packages/losses/package.json': syntheticManifest('@rag/losses'),
    'packages/losses/src/index.ts': "import '@rag/onnx';",
    'packages/reranker/package.json': syntheticManifest('@rag/reranker', [], ['.', './training']),
    'packages/reranker/src/index.ts': "import '@rag/onnx';",
    'packages/reranker/src/training/index.ts': "import '@rag/losses';",
    ...files,
  });
  return checkEntryGraphs(root, readWorkspace(root));
}

it('the entries of this repository reach nothing that they must not', () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  expect(checkEntryGraphs(root, readWorkspace(root))).toEqual([]);
});

it('a Node entry beside the root, a type of Node and a test may use Node', () => {
  expect(
    check({
      'packages/onnx/src/testing/index.ts': "import 'node:fs';",
      'packages/onnx/src/trace.ts': "import type { Stats } from 'node:fs';",
      'packages/onnx/src/trace.test.ts': "import 'node:fs';",
    }),
  ).toEqual([]);
});

it('a Node built-in two files deep fails in its package and in those that build on it', () => {
  const lines = check({ 'packages/onnx/src/trace.ts': "\nimport { readFileSync } from 'node:fs';" });
  expect(lines).toEqual(
    ['@rag/onnx', '@rag/losses', '@rag/reranker', '@rag/reranker/training'].map(
      (entry) =>
        `packages/onnx/src/trace.ts:2: expected nothing of Node in what ${entry} runs in a browser, got "node:fs" — move it under the package's ./node entry, or behind a \`browser\` condition`,
    ),
  );
});

it.each(["await import('fs/promises')", "import 'koffi';", "import * as ort from 'onnxruntime-node';"])(
  '%s fails',
  (text) => {
    expect(check({ 'packages/losses/src/index.ts': text })).toEqual([
      expect.stringContaining('packages/losses/src/index.ts:1: expected nothing of Node in what @rag/losses'),
      expect.stringContaining('in what @rag/reranker/training'),
    ]);
  },
);

it("a page takes what the browser condition names, of a package's own names and of other entries", () => {
  const platform = (file: string) => ({
    'packages/runtime/package.json': {
      ...syntheticManifest('@rag/runtime'),
      imports: { '#platform': { '@rag/source': { browser: `./src/${file}.ts`, default: './src/node.ts' } } },
    },
    'packages/runtime/src/index.ts': "import '#platform';\nimport '@rag/models/node';",
    'packages/runtime/src/page.ts': '',
    'packages/runtime/src/node.ts': "import 'koffi';",
    'packages/models/package.json': {
      name: '@rag/models',
      exports: {
        './node': { '@rag/source': { browser: './src/web.ts', default: './src/node.ts' } },
      },
    },
    'packages/models/src/node.ts': "import 'node:fs';",
    'packages/models/src/web.ts': '',
  });
  expect(check(platform('page'))).toEqual([]);
  expect(check(platform('node'))).toEqual([
    expect.stringContaining(
      'packages/runtime/src/node.ts:1: expected nothing of Node in what @rag/runtime runs in a browser, got "koffi"',
    ),
  ]);
  expect(check({ ...platform('page'), 'packages/models/src/web.ts': "import 'node:fs';" })).toEqual([
    expect.stringContaining('packages/models/src/web.ts:1: expected nothing of Node in what @rag/runtime'),
  ]);
  expect(() => check({ ...platform('page'), 'packages/runtime/src/page.ts': "import '#gone';" })).toThrow(
    'packages/runtime/src/page.ts: expected "#gone" among the imports of package.json',
  );
});

it.each(['packages/reranker/src/index.ts', 'packages/reranker/src/training/index.ts'])(
  'a Node built-in in %s, its import behind await as well, fails',
  (path) => {
    expect(check({ [path]: "await import('node:fs');" })).toEqual([
      expect.stringContaining(`${path}:1: expected nothing of Node in what @rag/reranker`),
    ]);
  },
);

it('a task package that serves loss code fails', () => {
  expect(check({ 'packages/reranker/src/index.ts': "import './training/index.js';" })).toEqual([
    'packages/reranker/src/training/index.ts:1: expected only @rag/onnx, @rag/text, @rag/models, @rag/runtime in what @rag/reranker serves, got "@rag/losses" — move it to @rag/reranker/training',
  ]);
});

it('an import without a file is named', () => {
  expect(() => check({ 'packages/onnx/src/index.ts': "import './gone.js';" })).toThrow(
    'packages/onnx/src/index.ts:1: expected a source file, got no packages/onnx/src/gone.ts',
  );
});
