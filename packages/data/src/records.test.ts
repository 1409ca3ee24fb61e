import { expect, test } from 'vitest';
import { type ByteSource, bytesSource } from './byte-source.js';
import { DataError } from './data-error.js';
import { openRecords } from './records.js';

const row = (query: string) => `{"query": "${query}", "pos": ["茶${query}"], "neg": ["n"]}`;
const source = (text: string, name = 'f.jsonl') => bytesSource(name, text);
const good = [row('a'), row('b'), row('c')].join('\n');

test('rows of several sources are read again by number, cached or not, with their positions', async () => {
  for (const cacheBytes of [0, 60, undefined]) {
    const records = await openRecords([source(good), source(`${row('d')}\r\n`, 'g.jsonl')], {
      ...(cacheBytes !== undefined && { cacheBytes }),
    });
    expect(records.length).toBe(4);
    for (const i of [3, 0, 2, 1, 1, 3]) {
      const { query, at } = await records.read(i);
      expect([query, at]).toEqual([
        'abcd'[i],
        i === 3 ? { file: 'g.jsonl', line: 1 } : { file: 'f.jsonl', line: i + 1 },
      ]);
    }
    await expect(records.read(4)).rejects.toThrow(RangeError);
  }
});

test('without a cache every read goes to the source, with one it goes there once at most', async () => {
  const counted = (cacheBytes: number) => {
    const reads: number[] = [];
    const base = source(good);
    const watched: ByteSource = {
      ...base,
      read: (offset, length) => {
        reads.push(offset);
        return base.read(offset, length);
      },
    };
    return openRecords([watched], { cacheBytes }).then(async (records) => {
      for (const i of [0, 1, 0, 1]) await records.read(i);
      return reads.length;
    });
  };
  expect(await counted(0)).toBe(4);
  expect(await counted(1 << 20)).toBe(0);
});

test('the cache keeps the rows used last, as many as fit', async () => {
  const reads: number[] = [];
  const base = source(good);
  const size = row('a').length + 2;
  const watched: ByteSource = {
    ...base,
    read: (offset, length) => {
      reads.push(Math.round(offset / size));
      return base.read(offset, length);
    },
  };
  const records = await openRecords([watched], { cacheBytes: 2 * size });
  // After the load rows 1 and 2 are held; reading 0 drops 1, then 1 drops 2 as 0 was used since.
  for (const i of [2, 0, 2, 0, 1, 0, 2]) await records.read(i);
  expect(reads).toEqual([0, 1, 2]);
});

test('the first bad row stops the load, and the sources are closed', async () => {
  let closed = 0;
  const bad = { ...source(`${row('a')}\n{"query": "", "pos": ["x"]}\n`), close: async () => void closed++ };
  await expect(openRecords([bad])).rejects.toThrow('f.jsonl:2: expected "query" to hold text');
  expect(closed).toBe(1);
});

test('bad rows can be left out, by all faults or by some, and are counted', async () => {
  const text = [
    row('a'),
    '{"query": "", "pos": ["x"]}',
    row('b'),
    '{oops',
    '',
    '',
    '{"query": " ", "pos": ["x"]}',
    row('c'),
  ].join('\n');
  const records = await openRecords([source(text)], { badRows: 'skip' });
  expect(records.length).toBe(3);
  expect((await records.read(2)).at.line).toBe(8);
  expect(records.summary.skipped).toEqual({
    'empty-query': { count: 2, first: 'f.jsonl:2' },
    'invalid-json': { count: 1, first: 'f.jsonl:4' },
    'empty-line': { count: 2, first: 'f.jsonl:5' },
  });
  await expect(openRecords([source(text)], { badRows: ['empty-query'] })).rejects.toThrow(/^f\.jsonl:4:2: /);
});

test('faults of the file are never skipped', async () => {
  await expect(openRecords([source(good), source('')], { badRows: 'skip' })).rejects.toMatchObject({
    fault: 'empty-file',
  });
});

test('blank lines may end a file but not part its rows', async () => {
  expect((await openRecords([source(`${good}\n\n \r\n\n`)])).length).toBe(3);
  await expect(openRecords([source(`${row('a')}\n\n${row('b')}\n`)])).rejects.toThrow(
    'f.jsonl:2: expected a JSON object, got an empty line',
  );
  await expect(openRecords([source('\n\n')])).rejects.toThrow(
    'f.jsonl: expected at least one usable row, got only blank lines',
  );
});

test('a file without one usable row is an error that says why', async () => {
  await expect(openRecords([source('{oops\n')], { badRows: 'skip' })).rejects.toThrow(
    'none, all were left out (invalid-json)',
  );
});

test('a file that changed after it was indexed is found out', async () => {
  const bytes = new TextEncoder().encode(good);
  const records = await openRecords([bytesSource('f.jsonl', bytes)], { cacheBytes: 0 });
  bytes[good.indexOf('"b"') + 1 + 4] = 0x78;
  await records.read(0);
  await expect(records.read(1)).rejects.toMatchObject({ fault: 'changed-file', at: { line: 2 } });
});

test('a visitor sees the rows in order and may refuse one', async () => {
  const seen: [string, number][] = [];
  const records = await openRecords([source(good)], { badRows: ['no-contrast'] }, ({ query, at }, i) => {
    if (query === 'b') throw new DataError('no-contrast', { at, expected: 'x', got: 'y' });
    seen.push([query, i]);
  });
  expect(seen).toEqual([
    ['a', 0],
    ['c', 1],
  ]);
  expect((await records.read(1)).query).toBe('c');
  expect(records.summary).toMatchObject({ rows: 2, skipped: { 'no-contrast': { count: 1 } } });
});

test('the fingerprint tells rows, their order and their values apart', async () => {
  const print = async (...rows: string[]) => (await openRecords([source(rows.join('\n'))])).fingerprint;
  expect(await print(row('a'), row('b'))).toBe(await print(row('a'), row('b')));
  expect(await print(row('a'), row('b'))).not.toBe(await print(row('b'), row('a')));
  expect(await print(row('a'))).not.toBe(await print(row('a'), row('a')));
});

test('a wrong label range or no source at all is refused', async () => {
  await expect(openRecords([source(good)], { labelRange: { min: 1, max: 1 } })).rejects.toThrow(RangeError);
  await expect(openRecords([])).rejects.toThrow(RangeError);
});
