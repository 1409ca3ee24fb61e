import { describe, expect, test } from 'vitest';
import { memorySource } from './file-source.js';
import { PytorchFileError } from './pytorch-file-error.js';
import { storedZip, type ZipFaults } from './testing/pytorch-archive.js';
import { readZipDirectory, zipDataOffset } from './zip.js';

const files = { 'a/data.pkl': Uint8Array.of(1, 2, 3), 'a/Größe': new Uint8Array(0) };
const open = (bytes: Uint8Array) => readZipDirectory(memorySource({ z: bytes }), 'z');

describe('stored archives', () => {
  const kinds: [string, ZipFaults][] = [
    ['plain', {}],
    ['zip64', { zip64: true }],
    ['a comment', { comment: 'written by hand' }],
    ['a comment that looks like an end record', { comment: 'PK\x05\x06'.padEnd(40, 'x') }],
    ['other extra fields before', { extra: [0x46, 0x42, 2, 0, 9, 9] }],
    ['encrypted flag off, UTF-8 and data descriptor flags on', { flags: 0x0808 }],
  ];
  test.each(kinds)('%s', async (_, faults) => {
    const bytes = storedZip(files, faults);
    const entries = await open(bytes);
    expect([...entries.values()].map(({ name, size }) => [name, size])).toEqual([
      ['a/data.pkl', 3],
      ['a/Größe', 0],
    ]);
    const begin = await zipDataOffset(memorySource({ z: bytes }), 'z', entries.get('a/data.pkl')!);
    expect(Array.from(bytes.subarray(begin, begin + 3))).toEqual([1, 2, 3]);
  });

  test('an archive without entries', async () => {
    expect((await open(storedZip({}))).size).toBe(0);
  });
});

describe('broken or hostile archives', () => {
  const cases: [string, ZipFaults, RegExp][] = [
    [
      'deflate',
      { method: 8 },
      /"a\/data\.pkl": expected a stored entry \(method 0\), got compression method 8/,
    ],
    ['an encrypted entry', { flags: 1 }, /got an encrypted entry/],
    ['a name twice', { twice: true }, /"a\/data\.pkl" twice/],
    ['a size that differs unpacked', { packed: 3, size: 3000 }, /got 3 and 3000/],
    ['an entry larger than the archive', { size: 2 ** 31 }, /before the central directory/],
    ['an entry of 2^60 bytes', { size: 2 ** 60, zip64: true }, /below 2\^53, got 1152921504606846976/],
    ['a header behind the directory', { headerOffset: 5000 }, /before the central directory/],
    [
      'entries in one place',
      { headerOffset: 1 },
      /"a\/data\.pkl": expected it to end .* overlap the next entry/,
    ],
    ['fewer entries than counted', { count: 3, extra: Array(60).fill(0) }, /expected an entry at byte/],
    ['more entries than counted', { count: 1 }, /to fill the central directory/],
    ['2^40 entries', { count: 2 ** 40, zip64: true }, /at least 46 bytes per entry/],
    ['a directory of the wrong length', { directoryLength: 40 }, /expected the central directory to end/],
    ['a full field without zip64', { size: 0xffffffff }, /expected a zip64 field/],
    [
      'a zip64 field that is too short',
      { size: 0xffffffff, extra: [1, 0, 4, 0, 1, 1, 1, 1] },
      /expected a zip64 field/,
    ],
  ];
  test.each(cases)('%s', async (_, faults, message) => {
    const bytes = storedZip(files, faults);
    const result = open(bytes).then((entries) =>
      zipDataOffset(memorySource({ z: bytes }), 'z', entries.get('a/data.pkl')!),
    );
    await expect(result).rejects.toThrow(message);
    await expect(result).rejects.toBeInstanceOf(PytorchFileError);
  });

  test('a header that is none', async () => {
    const bytes = storedZip(files);
    bytes[3] = 9;
    const entry = (await open(bytes)).get('a/data.pkl')!;
    await expect(zipDataOffset(memorySource({ z: bytes }), 'z', entry)).rejects.toThrow(
      /expected a local header at byte 0/,
    );
  });

  test('an entry that its local header moves into the next one', async () => {
    const bytes = storedZip(files);
    bytes[26] = bytes[26]! + 8;
    const entry = (await open(bytes)).get('a/data.pkl')!;
    await expect(zipDataOffset(memorySource({ z: bytes }), 'z', entry)).rejects.toThrow(
      /"a\/data\.pkl": expected 3 bytes before byte 43/,
    );
  });

  test('a part of a split archive', async () => {
    const bytes = storedZip(files);
    bytes[bytes.length - 18] = 1;
    await expect(open(bytes)).rejects.toThrow(/a part of a split one/);
  });

  test('no archive at all', async () => {
    await expect(open(new Uint8Array(0))).rejects.toThrow(/no end of its directory/);
    await expect(open(new Uint8Array(70_000))).rejects.toThrow(/no end of its directory/);
  });
});
