import { expect, it } from 'vitest';
import { syntheticManifest, syntheticRepository } from './synthetic-repository.js';
import { readWorkspace } from './workspace.js';

it('reads packages and examples without build output, fixtures and generated files', () => {
  const root = syntheticRepository({
    'packages/text/package.json': syntheticManifest('@rag/text'),
    'packages/text/src/index.ts': "import 'a';",
    'packages/text/src/pad/pad.test.ts': '',
    'packages/text/src/testing/exam.ts': '',
    'packages/text/src/fixtures/sample.ts': '',
    'packages/text/src/generated/proto.ts': '',
    'packages/text/dist/index.ts': '',
    'examples/package.json': { name: 'examples' },
    'examples/train.ts': '',
    'examples/node_modules/x/index.ts': '',
  });
  const packages = readWorkspace(root);
  expect(packages.map((pkg) => pkg.folder)).toEqual(['examples', 'packages/text']);
  expect(
    packages.flatMap((pkg) => pkg.files).map(({ path, test, harness }) => [path, test, harness]),
  ).toEqual([
    ['examples/train.ts', false, false],
    ['packages/text/src/index.ts', false, false],
    ['packages/text/src/pad/pad.test.ts', true, false],
    ['packages/text/src/testing/exam.ts', false, true],
  ]);
  expect(packages[1]!.files[0]!.imports).toEqual([{ specifier: 'a', line: 1, typeOnly: false }]);
});

it('names a folder that is no package', () => {
  expect(() => readWorkspace(syntheticRepository({ 'packages/odd/src/index.ts': '' }))).toThrow(
    'packages/odd/package.json: expected a package.json with a name, got none',
  );
  expect(() =>
    readWorkspace(syntheticRepository({ 'packages/odd/package.json': { name: '@rag/odd' } })),
  ).toThrow("packages/odd/src: expected the package's sources, got no such folder");
});
