import { expect, test } from 'vitest';
import {
  checkFilePath,
  checkRange,
  describeJson,
  type FileSource,
  memorySource,
  readJson,
  readJsonObject,
  readText,
} from './file-source.js';

test.each(['', '/etc/passwd', '..', '../a', 'a/../../b', 'a//b', './a', 'a/', 'a\\b', 'C:', 'c:/a', 'a\0b'])(
  'the path %j is refused',
  (path) => {
    expect(() => checkFilePath(path)).toThrow(/relative path inside the checkpoint directory/);
  },
);

test.each([
  'config.json',
  '1_Pooling/config.json',
  '..a',
  'a..b',
  '.hidden',
  'model-00001-of-00002.safetensors',
])('the path %j is allowed', (path) => {
  expect(() => checkFilePath(path)).not.toThrow();
});

test.each([
  [-1, 2],
  [0, 5],
  [4, 1],
  [0, -1],
  [Number.NaN, 1],
  [0.5, 1],
  [0, Infinity],
])('the range %d + %d of four bytes is refused', (offset, length) => {
  expect(() => checkRange('f', offset, length, 4)).toThrow(/a file of 4 bytes/);
});

test('a memory source reads copies, lists the top level, refuses what it lacks', async () => {
  const bytes = Uint8Array.of(1, 2, 3, 4);
  const source = memorySource({ b: bytes, a: 'é', 'sub/c': '' });
  const part = await source.read('b', 1, 2);
  part[0] = 9;
  expect([Array.from(part), Array.from(bytes)]).toEqual([
    [9, 3],
    [1, 2, 3, 4],
  ]);
  expect([await source.size('a'), await source.size('sub/c')]).toEqual([2, 0]);
  expect(await source.list()).toEqual(['a', 'b']);
  expect(await source.list('sub')).toEqual(['c']);
  await expect(source.list('su')).rejects.toThrow(/su: expected a folder, got none/);
  await expect(source.list('../x')).rejects.toThrow(/relative path inside/);
  await expect(source.read('b', 2, 3)).rejects.toThrow(/b: expected bytes 2\.\.5/);
  await expect(source.size('x')).rejects.toThrow(
    /x: expected a file of this name, got none among b, a, sub\/c/,
  );
});

test('text and JSON', async () => {
  const source = memorySource({ t: 'é', bad: Uint8Array.of(0xff), o: '{"a":1}', l: '[1]', n: 'nothing' });
  expect(await readText(source, 't')).toBe('é');
  await expect(readText(source, 'bad')).rejects.toThrow(/bad: expected UTF-8/);
  expect(await readJsonObject(source, 'o')).toEqual({ a: 1 });
  await expect(readJsonObject(source, 'l')).rejects.toThrow(/l: expected a JSON object, got \[1\]/);
  await expect(readJsonObject(source, 'n')).rejects.toThrow(/n: expected JSON, got "nothing"/);
  expect(describeJson('x'.repeat(100))).toHaveLength(60);
});

test('JSON that parses but is refused: a key twice, too deep, too large', async () => {
  const deep = (levels: number) => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
  const source = memorySource({ twice: '{"a":1,"\\u0061":2}', 64: deep(64), 65: deep(65), list: '[1]' });
  await expect(readJsonObject(source, 'twice')).rejects.toThrow(
    /twice: expected each key once, got "a" twice/,
  );
  await expect(readJsonObject(source, '65')).rejects.toThrow(
    /65: expected values nested at most 64 deep, got 65/,
  );
  expect(Object.keys(await readJsonObject(source, '64'))).toEqual(['a']);
  expect(await readJson(source, 'list')).toEqual([1]);
  const claims = (size: number): FileSource => ({
    size: async () => size,
    read: () => expect.unreachable(),
    list: async () => [],
  });
  await expect(readText(claims(2 ** 40), 'f')).rejects.toThrow(
    /f: expected at most 67108864 bytes, got 1099511627776/,
  );
  await expect(readJsonObject(claims(2 ** 26), 'f')).rejects.toThrow(/f: expected at most 33554432 bytes/);
});

test.each<[unknown, string]>([
  [null, 'null'],
  [undefined, 'nothing'],
  [1.5, '1.5'],
  ['a"b', '"a\\"b"'],
  [[], '[]'],
  [[1, [true, {}]], '[1,[true,{}]]'],
  [{ a: 1, 'b"': [null] }, '{"a":1,"b\\"":[null]}'],
])('%j is described as %s', (value, text) => {
  expect(describeJson(value)).toBe(text);
});

test('what is large or deep is described by its beginning', () => {
  let deep: unknown = 1;
  for (let i = 0; i < 100_000; i++) deep = [deep];
  expect(describeJson(deep)).toBe(`${'['.repeat(59)}…`);
  expect(describeJson(Array(1e6).fill(0))).toBe(`[${'0,'.repeat(29)}…`);
  expect(describeJson({ ['k'.repeat(1e6)]: 1 })).toBe(`{"${'k'.repeat(57)}…`);
});
