import { expect, test } from 'vitest';
import { driveOf, externalFolder } from './external-folder.js';

test.each<[paths: string[], folder: string, locations: string[]]>([
  [['/models/a/x.safetensors'], '/models/a', ['x.safetensors']],
  [['/models/a/x', '/models/a/y'], '/models/a', ['x', 'y']],
  [['/models/a/x', '/models/ab/b/y'], '/models', ['a/x', 'ab/b/y']],
  [['/models/x', '/runs/y'], '/', ['models/x', 'runs/y']],
  [['/x'], '/', ['x']],
  [['/odd\\name/x'], '/odd\\name', ['x']],
  [['C:\\models\\a\\x', 'C:\\models\\b\\y'], 'C:\\models', ['a/x', 'b/y']],
  [['C:\\x', 'C:\\runs\\y'], 'C:\\', ['x', 'runs/y']],
  [['\\\\host\\share\\a\\x', '\\\\host\\share\\b\\y'], '\\\\host\\share', ['a/x', 'b/y']],
])('%j lie in %s', (paths, folder, locations) => {
  const found = externalFolder(paths)!;
  expect(found.folder).toBe(folder);
  expect(paths.map(found.location)).toEqual(locations);
});

test('files of several drives lie in no folder', () => {
  expect(externalFolder(['C:\\a\\x', 'D:\\a\\x'])).toBeUndefined();
  expect(externalFolder(['\\\\host\\one\\x', '\\\\host\\two\\x'])).toBeUndefined();
  expect(externalFolder([])).toBeUndefined();
  expect(['c:\\x', 'C:\\y'].map(driveOf)).toEqual(['c:', 'c:']);
});
