import { bytesSource } from '@rag/data';
import { expect, test } from 'vitest';
import { Crash, crashingDisk } from '../testing/crashing-disk.js';
import { type RowsEvent, type RowsJob, transformRows } from './transform-rows.js';

const source = (text: string) => [bytesSource('rows', text)];

/** Rows in upper case; a row weighs its length. */
const job = (text: string, more: Partial<RowsJob<string>> = {}): Omit<RowsJob<string>, 'file'> => ({
  sources: source(text),
  parse: ({ bytes }) => new TextDecoder().decode(bytes),
  weigh: (row) => row.length,
  windowWeight: 4,
  settings: {},
  commitMilliseconds: 0,
  transform: async (rows, { first, tally }) => {
    tally.rows = (tally.rows ?? 0) + rows.length;
    return new TextEncoder().encode(`${first}:${rows.join('').toUpperCase()};`);
  },
  ...more,
});
const textOf = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

test('windows are full by weight, their beginning told; progress ends at all of the input', async () => {
  const disk = crashingDisk(() => 0);
  const events: RowsEvent[] = [];
  const result = await transformRows({
    ...job('aa\nb\ncc\ndddddd\ne\n', { onProgress: (event) => events.push(event) }),
    file: disk.open(),
  });
  expect(textOf(disk.finished)).toBe('0:AABCC;3:DDDDDD;4:E;');
  expect(result).toEqual({ rows: 5, tally: { rows: 5 } });
  expect(events.map(({ rows }) => rows)).toEqual([3, 4, 5]);
  expect(events.at(-1)!.share).toBeGreaterThan(0.9);
});

test('interruption keeps what is committed and tells how many rows; the same job goes on', async () => {
  const control = new AbortController();
  const disk = crashingDisk(() => 0);
  const said: string[] = [];
  const stopping = job('aaaa\nbbbb\ncccc\n', {
    signal: control.signal,
    transform: async (rows, { first }) => {
      if (first === 1) control.abort(new Error('enough'));
      return new TextEncoder().encode(rows.join(''));
    },
  });
  await expect(transformRows({ ...stopping, file: disk.open() })).rejects.toThrow(
    'vectors: interrupted — 1 rows are kept',
  );
  await transformRows({
    ...job('aaaa\nbbbb\ncccc\n', { say: (line) => said.push(line) }),
    file: disk.open(),
  });
  expect(textOf(disk.finished)).toBe('aaaa1:BBBB;2:CCCC;');
  expect(said).toEqual(['vectors: going on behind 1 rows of an earlier run']);
});

test('an error before anything is kept leaves nothing; nothing is swallowed', async () => {
  const disk = crashingDisk(() => 0);
  const failing = job('aaaa\n', { transform: () => Promise.reject(new Error('no model')) });
  await expect(transformRows({ ...failing, file: disk.open() })).rejects.toThrow('no model');
  expect(disk.open().note).toBeUndefined();
});

test.each([
  ['{"version":1,"rows":1,"lines":1,"bytes":1,"linesHash":"","settings":{}}', '"tally" to be an object'],
  [
    '{"version":1,"rows":1,"lines":1,"bytes":1,"linesHash":"","settings":{},"tally":{"a":"b"}}',
    '"tally" to be an object of numbers',
  ],
  [
    '{"version":1,"rows":1,"lines":9,"bytes":1,"linesHash":"","settings":{},"tally":{}}',
    'expected the 9 lines',
  ],
  ['{', 'expected JSON'],
])('a note %s is refused, and passed over with overwrite', async (note, message) => {
  const disk = crashingDisk(() => 0);
  const file = disk.open();
  await file.begin();
  await file.append(new Uint8Array(1));
  await file.commit(note);
  await expect(transformRows({ ...job('aaaa\n'), file: disk.open() })).rejects.toThrow(message);
  const crashed = await transformRows({ ...job('aaaa\n'), overwrite: true, file: disk.open() });
  expect(crashed.rows).toBe(1);
  expect(textOf(disk.finished)).toBe('0:AAAA;');
});

test('the result is told before the file has its name', async () => {
  const disk = crashingDisk(() => 0);
  const onFinish = async () => {
    expect(disk.finished).toBeUndefined();
    throw new Crash('the record cannot be written');
  };
  await expect(transformRows({ ...job('aaaa\n'), onFinish, file: disk.open() })).rejects.toThrow(Crash);
});
