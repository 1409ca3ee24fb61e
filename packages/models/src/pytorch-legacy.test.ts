import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { memorySource } from './file-source.js';
import { readPytorchFile } from './pytorch-file.js';
import { PytorchFileError } from './pytorch-file-error.js';
import { legacyMagicEnd } from './pytorch-legacy.js';
import { pickleOf, uint } from './testing/pytorch-archive.js';
import { type TensorParts, tensorPickle } from './testing/tensor-archive.js';

const MAGIC = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];
const text = (value: string) => [0x8c, value.length, ...new TextEncoder().encode(value)];
const list = (...keys: string[]) => [0x80, 2, 0x5d, 0x28, ...keys.flatMap(text), 0x65, 0x2e];

interface Parts {
  readonly version?: unknown;
  readonly system?: unknown;
  readonly tensor?: TensorParts;
  readonly state?: Uint8Array;
  readonly keys?: readonly number[];
  readonly count?: number;
  readonly data?: readonly number[];
}

/** A file in the form before torch 1.6 with one tensor `w` [2, 2], any of whose parts can be wrong. */
const legacyFile = (part: Parts = {}): Uint8Array =>
  Uint8Array.from([
    ...MAGIC,
    ...pickleOf(part.version ?? 1001),
    ...pickleOf(part.system ?? { dict: { protocol_version: 1001, little_endian: true } }),
    ...(part.state ?? tensorPickle({ view: [null], ...part.tensor })),
    ...(part.keys ?? list('0')),
    ...uint(8, part.count ?? 4),
    ...(part.data ?? new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer)),
  ]);
const read = (bytes: Uint8Array) => readPytorchFile(memorySource({ 'w.bin': bytes }), 'w.bin');

test('the writer of these tests makes a sound file', async () => {
  const w = (await read(legacyFile())).get('w')!;
  expect(Array.from(await w.read())).toEqual([1, 2, 3, 4]);
});

test('the magic number of any protocol', () => {
  for (const name of ['legacy.pt', 'legacy-views.pt', 'legacy-dtypes.pt']) {
    const bytes = new Uint8Array(readFileSync(new URL(`./fixtures/pytorch/${name}`, import.meta.url)));
    expect(bytes[legacyMagicEnd(bytes)! - 1]).toBe(0x2e);
  }
  expect(legacyMagicEnd(Uint8Array.from(MAGIC.with(6, 0)))).toBeUndefined();
  expect(legacyMagicEnd(Uint8Array.from(MAGIC.slice(0, -1)))).toBeUndefined();
  expect(legacyMagicEnd(new Uint8Array(0))).toBeUndefined();
});

test('pickles that are longer than what is read at first', async () => {
  const names = Array.from({ length: 2000 }, (_, i) => `layer.${i}.${'x'.repeat(60)}`);
  const tensor = [...tensorPickle({ view: [null] }).slice(2, -1)];
  // Up to the call: EMPTY_DICT, MARK, BINUNICODE "w" come before it, SETITEMS after it.
  const call = tensor.slice(2 + 6, -1);
  const state = Uint8Array.from([
    0x80,
    2,
    0x7d,
    0x28,
    ...names.flatMap((name) => [...text(name), ...call]),
    0x75,
    0x2e,
  ]);
  expect(state.length).toBeGreaterThan(1 << 18);
  const tensors = await read(legacyFile({ state }));
  expect([...tensors.keys()]).toEqual(names);
  expect(Array.from(await tensors.get(names[1999]!)!.read())).toEqual([1, 2, 3, 4]);
});

describe('broken or hostile', () => {
  const cases: [string, Parts, RegExp][] = [
    ['another version', { version: 1002 }, /expected protocol 1001, got 1002/],
    ['big-endian data', { system: { dict: { little_endian: false } } }, /expected little-endian data/],
    ['a system that is a number', { system: 5 }, /expected little-endian data/],
    ['a system with a global', { system: { global: 'os.system' } }, /got the global "os\.system"/],
    [
      'a persistent id among plain values',
      { version: { persistent: [1] } },
      /got a persistent id of a tuple/,
    ],
    [
      'a call of os.system',
      { tensor: { global: 'os.system' } },
      /got the global "os\.system" — it is not called/,
    ],
    ['keys that are no list', { keys: [...pickleOf('0')] }, /expected the keys of 1 storages, got 0/],
    ['a key too many', { keys: list('0', '1') }, /expected the keys of 1 storages, got 2/],
    ['a key that no tensor has', { keys: list('1') }, /expected the key of a storage, got "1"/],
    ['a key that is a number', { keys: [0x80, 2, 0x5d, 0x4b, 0, 0x61, 0x2e] }, /the key of a storage, got 0/],
    ['another count', { count: 5 }, /storage 0: expected 4 elements, got 5/],
    ['a negative count', { count: -4 }, /storage 0: expected 4 elements, got -4/],
    ['terabytes', { tensor: { count: 2 ** 31 - 1 } }, /2147483647 elements of F32, got the end of the file/],
    ['bytes after the end', { data: Array(17).fill(0) }, /expected the end of the file .* got 1 bytes more/],
    ['a storage cut short', { data: Array(15).fill(0) }, /got the end of the file/],
  ];
  test.each(cases)('%s', async (_, part, message) => {
    await expect(read(legacyFile(part))).rejects.toThrow(message);
    await expect(read(legacyFile(part))).rejects.toBeInstanceOf(PytorchFileError);
  });

  test('a key twice', async () => {
    await expect(read(legacyFile({ keys: list('0', '0') }))).rejects.toThrow(/keys of 1 storages, got 2/);
  });
});
