import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { checkCodeMap } from './code-map.js';
import { syntheticRepository } from './synthetic-repository.js';

const map = [
  '# Code map',
  'A walk passes `packages/text/src/pad.ts`; `@rag/text` and `rag train a/b` are no paths.',
  '| 0 | `@rag/text` | strings |',
  '## `packages/text/src`',
  '- `pad.ts` `pack/` — lengths, see `packages/text/package.json`',
  '- `token*.ts` — strings to ids',
];

function check(lines: string[], files: Record<string, string> = {}): string[] {
  const root = syntheticRepository({
    'CODEMAP.md': lines.join('\n'),
    'packages/text/package.json': '{}',
    'packages/text/src/index.ts': '',
    'packages/text/src/pad.ts': '',
    'packages/text/src/pad.test.ts': '',
    'packages/text/src/pack/ladder.ts': '',
    'packages/text/src/tokenizer.ts': '',
    'packages/text/src/fixtures/a.json': '',
    ...files,
  });
  return checkCodeMap(root);
}

it('the map of this repository agrees with the tree', () => {
  expect(checkCodeMap(fileURLToPath(new URL('..', import.meta.url)))).toEqual([]);
});

it('a map that names what is there passes', () => {
  expect(check(map)).toEqual([]);
});

it('a path that is missing fails, in prose, in a line and as a section', () => {
  expect(check([...map, 'Then `packages/text/src/gone.ts`.'])).toEqual([
    'CODEMAP.md:7: expected an existing path, got packages/text/src/gone.ts — correct or remove it',
  ]);
  expect(check([...map, '- `gone.ts` — nothing'])).toEqual([
    'CODEMAP.md:7: expected "gone.ts" in packages/text/src, got no such file or folder — correct or remove it',
  ]);
  expect(check([...map, '## `packages/gone/src`'])).toEqual([
    'CODEMAP.md:7: expected an existing folder, got packages/gone/src — correct or remove the section',
  ]);
});

it('a file or folder that is not named fails', () => {
  expect(check(map, { 'packages/text/src/new.ts': '', 'packages/text/src/room/new.ts': '' })).toEqual([
    'CODEMAP.md:4: expected a line for new.ts in packages/text/src, got none — add it',
    'CODEMAP.md:4: expected a line for room/ in packages/text/src, got none — add it',
  ]);
});

it('a package without a section or on the wrong floor, and a missing map, fail', () => {
  expect(check(map, { 'packages/data/src/index.ts': '' })).toEqual([
    'CODEMAP.md: expected a section for packages/data/src, got none — add "## `packages/data/src`"',
    'CODEMAP.md: expected @rag/data on floor 0, got undefined — correct the table',
  ]);
  expect(check(map.map((line) => line.replace('| 0 |', '| 1 |')))).toEqual([
    'CODEMAP.md: expected @rag/text on floor 0, got 1 — correct the table',
  ]);
  expect(checkCodeMap(syntheticRepository({ 'packages/text/src/index.ts': '' }))[0]).toContain(
    'got no such file',
  );
});
