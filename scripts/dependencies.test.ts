import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { checkDependencies } from './dependencies.js';
import { syntheticRepository } from './synthetic-repository.js';
import { readManifest, readWorkspace } from './workspace.js';

function check(manifest: object, files: Record<string, string>): string[] {
  const sources = Object.entries(files).map(([path, text]) => [`packages/text/src/${path}`, text]);
  const root = syntheticRepository({
    'packages/text/package.json': { name: '@rag/text', ...manifest },
    'packages/text/src/index.ts': '',
    ...Object.fromEntries(sources),
  });
  return checkDependencies(readWorkspace(root), { name: 'root', devDependencies: { vitest: '1' } });
}

it('every package.json of this repository agrees with its sources', () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  expect(checkDependencies(readWorkspace(root), readManifest(root, 'package.json'))).toEqual([]);
});

it('listed imports, built-ins and test tools of the root pass', () => {
  const manifest = { dependencies: { a: '1', '@s/b': '1' }, devDependencies: { c: '1', '@types/d': '1' } };
  expect(
    check(manifest, {
      'x.ts': "import 'a/sub';\nimport type { B } from '@s/b';\nimport 'node:fs';",
      'x.test.ts': "import 'c';\nimport 'vitest';",
      'testing/exam.ts': "import 'vitest';",
    }),
  ).toEqual([]);
});

it('an import that is not listed fails, with its line', () => {
  expect(check({ devDependencies: { a: '1' } }, { 'x.ts': "import type { A } from 'a';" })).toEqual([
    'packages/text/src/x.ts:1: expected a in dependencies or peerDependencies of packages/text/package.json, got none — list it or drop the import',
  ]);
  expect(check({}, { 'x.test.ts': "import 'z';" })).toEqual([
    expect.stringContaining('packages/text/src/x.test.ts:1: expected z in devDependencies of'),
  ]);
});

it('a dependency that only tests use, or nobody uses, fails', () => {
  const manifest = {
    dependencies: { a: '1' },
    devDependencies: { b: '1', tool: '1' },
    scripts: { go: 'tool run' },
  };
  expect(check(manifest, { 'x.test.ts': "import 'a';" })).toEqual([
    'packages/text/package.json: expected dependency a to be imported by a shipped file, got no import — remove it',
    'packages/text/package.json: expected devDependency b to be imported or run, got neither — remove it',
  ]);
});
