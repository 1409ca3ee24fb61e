import { expect, it } from 'vitest';
import { importsOf, packageOf } from './imports.js';

it('finds every form of import, with its line and whether anything of it is left at run time', () => {
  const text = [
    "import { a } from 'static';",
    "import type { B } from 'type';",
    "import { type C } from 'inline-type';",
    "import 'effect';",
    "export { d } from './re-export.js';",
    "export type { E } from 'export-type';",
    "export * from 'star';",
    "const f = await import('dynamic');",
    "let g: import('type-node').G;",
    "const h = require('require');",
    "// import 'comment'",
    'const text = "import \'string\'";',
  ].join('\n');
  const found = importsOf('a.ts', text);
  expect(
    found.map(({ specifier, line, typeOnly }) => `${line} ${specifier}${typeOnly ? ' (type)' : ''}`),
  ).toEqual([
    '1 static',
    '2 type (type)',
    '3 inline-type',
    '4 effect',
    '5 ./re-export.js',
    '6 export-type (type)',
    '7 star',
    '8 dynamic',
    '9 type-node (type)',
    '10 require',
  ]);
});

it('names the package of a specifier', () => {
  expect(packageOf('@rag/onnx/testing')).toBe('@rag/onnx');
  expect(packageOf('vitest/config')).toBe('vitest');
  for (const specifier of ['./a.js', '../b.js', 'node:fs', 'fs/promises', '#internal']) {
    expect(packageOf(specifier)).toBeNull();
  }
});
