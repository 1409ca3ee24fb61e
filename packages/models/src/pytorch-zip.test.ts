import { expect, test } from 'vitest';
import { memorySource } from './file-source.js';
import { PytorchFileError } from './pytorch-file-error.js';
import { readPytorchZip } from './pytorch-zip.js';
import { tensorArchive } from './testing/tensor-archive.js';

const read = (bytes: Uint8Array) => readPytorchZip(memorySource({ 'w.pt': bytes }), 'w.pt');
const text = (value: string) => new TextEncoder().encode(value);

test('says where each storage begins', async () => {
  const data = new Uint8Array(16).fill(7);
  const bytes = tensorArchive({ data });
  const begin = (await read(bytes)).begins.get('0')!;
  expect(bytes.subarray(begin, begin + 16)).toEqual(data);
});

const cases: [string, Parameters<typeof tensorArchive>[0], RegExp][] = [
  ['a storage that is not there', { key: '1' }, /data\/1 in the archive, got none/],
  ['a storage outside the archive', { key: '../../etc/passwd' }, /got none/],
  ['more elements than bytes', { count: 5 }, /data\/0: expected 5 elements of F32, got 16 bytes/],
  [
    'big-endian data',
    { extra: { 'archive/byteorder': text('big') } },
    /byteorder "big" — load and save it again/,
  ],
  ['TorchScript', { extra: { 'archive/constants.pkl': text('x') } }, /TorchScript/],
  ['two archives in one', { extra: { 'b/data.pkl': text('x') } }, /expected one <folder>\/data\.pkl .*got 2/],
];
test.each(cases)('%s', async (_, part, message) => {
  await expect(read(tensorArchive(part))).rejects.toThrow(message);
  await expect(read(tensorArchive(part))).rejects.toBeInstanceOf(PytorchFileError);
});
