import { describe, expect, test } from 'vitest';
import { memorySource } from './file-source.js';
import {
  MAX_HEADER_BYTES,
  readSafetensorsHeader,
  readTensor,
  readTensorBytes,
  SafetensorsError,
} from './safetensors.js';

/** A file with any header text and data, however wrong. */
function file(
  header: string | Uint8Array,
  data: Uint8Array = new Uint8Array(0),
  declared?: bigint,
): Uint8Array {
  const json = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, declared ?? BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

const source = (bytes: Uint8Array) => memorySource({ 'm.safetensors': bytes });
const open = (bytes: Uint8Array) => readSafetensorsHeader(source(bytes), 'm.safetensors');
const entry = (dtype: unknown, shape: unknown, offsets: unknown) =>
  JSON.stringify({ t: { dtype, shape, data_offsets: offsets } });

describe('a sound file', () => {
  const header =
    '{"__metadata__":{"format":"pt"},"b":{"dtype":"F16","shape":[3],"data_offsets":[8,14]},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"empty":{"dtype":"F32","shape":[0,4],"data_offsets":[8,8]},"one":{"dtype":"U8","shape":[],"data_offsets":[14,15]}}  ';
  const data = new Uint8Array(15);
  new DataView(data.buffer).setFloat32(0, 1.5, true);
  new DataView(data.buffer).setFloat32(4, -2, true);
  data.set([0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00], 8);
  data[14] = 7;
  const sound = file(header, data);

  test('lists its tensors in the order of their bytes, offsets from the file start', async () => {
    const { metadata, tensors } = await open(sound);
    expect(metadata).toEqual({ format: 'pt' });
    expect([...tensors.keys()]).toEqual(['a', 'empty', 'b', 'one']);
    expect(tensors.get('b')).toEqual({
      name: 'b',
      dtype: 'F16',
      shape: [3],
      file: 'm.safetensors',
      offset: 8 + header.length + 8,
      length: 6,
    });
  });

  test('reads elements as float32 and bytes as they are', async () => {
    const { tensors } = await open(sound);
    const values = await Promise.all([...tensors.values()].map((t) => readTensor(source(sound), t)));
    expect(values.map((value) => Array.from(value))).toEqual([[1.5, -2], [], [1, -2, 2 ** -24], [7]]);
    expect(Array.from(await readTensorBytes(source(sound), tensors.get('b')!))).toEqual([
      0, 0x3c, 0, 0xc0, 1, 0,
    ]);
  });

  test('an empty header is a file without tensors', async () => {
    expect((await open(file('{}'))).tensors.size).toBe(0);
  });

  test('a tensor may be called __proto__', async () => {
    const { tensors } = await open(
      file('{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', Uint8Array.of(1)),
    );
    expect([...tensors.keys()]).toEqual(['__proto__']);
  });
});

const two = (a: [number, number], b: [number, number]) =>
  JSON.stringify({
    a: { dtype: 'U8', shape: [a[1] - a[0]], data_offsets: a },
    b: { dtype: 'U8', shape: [b[1] - b[0]], data_offsets: b },
  });

describe('a hostile file is refused with its reason', () => {
  const four = new Uint8Array(4);
  test.each<[string, Uint8Array, RegExp]>([
    ['empty', new Uint8Array(0), /at least 8 bytes, got 0/],
    ['cut inside the length', new Uint8Array(7), /at least 8 bytes, got 7/],
    ['header longer than the file', file('{}', four, 100n), /inside the file of 14 bytes, got 100/],
    ['header over the limit', file('{}', four, BigInt(MAX_HEADER_BYTES) + 1n), /at most 33554432 bytes/],
    [
      'a Git LFS pointer',
      new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n'),
      /^m\.safetensors: expected tensors, got a Git LFS pointer \(git lfs pull fetches them\) — fetch/,
    ],
    ['header length 2^64 - 1', file('{}', four, 2n ** 64n - 1n), /got 18446744073709551615/],
    ['data cut off', file(entry('F32', [2], [0, 8]), four), /8 bytes of data by its header, got 4/],
    ['data left over', file(entry('U8', [1], [0, 1]), four), /1 bytes of data by its header, got 4/],
    ['overlap', file(two([0, 3], [2, 4]), four), /"b": expected its data at byte 3, got 2, an overlap/],
    [
      'same range twice',
      file(two([0, 4], [0, 4]), four),
      /"b": expected its data at byte 4, got 0, an overlap/,
    ],
    ['gap', file(two([0, 1], [2, 4]), four), /"b": expected its data at byte 1, got 2, a gap/],
    ['gap at the start', file(entry('U8', [3], [1, 4]), four), /"t": expected its data at byte 0, got 1/],
    ['negative offsets', file(entry('U8', [4], [-4, 0]), four), /"t": expected data_offsets of two non-neg/],
    [
      'NaN offset',
      file('{"t":{"dtype":"U8","shape":[4],"data_offsets":[NaN,4]}}', four),
      /expected a JSON header/,
    ],
    ['null offset', file(entry('U8', [4], [null, 4]), four), /expected data_offsets of two/],
    ['fractional offset', file(entry('U8', [4], [0, 4.5]), four), /expected data_offsets of two/],
    ['offset as text', file(entry('U8', [4], ['0', '4']), four), /expected data_offsets of two/],
    ['offset beyond 2^53', file(entry('U8', [4], [0, 2 ** 60]), four), /expected data_offsets of two/],
    ['three offsets', file(entry('U8', [4], [0, 2, 4]), four), /expected data_offsets of two/],
    ['end before begin', file(entry('U8', [4], [4, 0]), four), /expected 4 bytes/],
    [
      'wrong dtype',
      file(entry('FLOAT', [1], [0, 4]), four),
      /"t": expected one of the dtypes .*, got "FLOAT"/,
    ],
    ['dtype from Object.prototype', file(entry('toString', [1], [0, 4]), four), /expected one of the dtypes/],
    ['shape that does not fit', file(entry('F32', [2], [0, 4]), four), /expected 8 bytes \(F32 × \[2\]\)/],
    ['shape that overflows', file(entry('F32', [2 ** 40, 2 ** 40], [0, 4]), four), /bytes \(F32/],
    ['overflow times zero', file(entry('U8', [...Array(40).fill(2 ** 50), 0], [0, 4]), four), /bytes \(U8/],
    ['negative dim', file(entry('U8', [-4], [0, 4]), four), /expected a shape of non-negative/],
    [
      'shape missing',
      file('{"t":{"dtype":"U8","data_offsets":[0,4]}}', four),
      /expected a shape .*, got nothing/,
    ],
    [
      'an unknown field',
      file('{"t":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"x":1}}', four),
      /only dtype/,
    ],
    ['entry not an object', file('{"t":[1]}', four), /"t": expected an object, got \[1\]/],
    [
      'a shape nested ten thousand deep',
      file(`{"t":${'['.repeat(1e4)}${']'.repeat(1e4)}}`, four),
      /nested at most 3 deep/,
    ],
    ['not JSON', file('{"t":', four), /expected a JSON header/],
    ['an array', file('[1,2,3]'), /starts with "\{"/],
    ['leading space', file(' {}'), /starts with "\{"/],
    ['a byte order mark', file('\ufeff{}'), /expected a JSON header/],
    ['invalid UTF-8', file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), /expected a JSON header/],
    ['a name twice', file(`${two([0, 2], [2, 4]).replace('"b"', '"\\u0061"')}`, four), /"a" twice/],
    [
      'a field twice',
      file('{"t":{"dtype":"F32","dtype":"U8","shape":[4],"data_offsets":[0,4]}}', four),
      /"dtype" twice/,
    ],
    ['metadata not text', file('{"__metadata__":{"a":1}}'), /"__metadata__" to map strings to strings/],
    ['metadata an array', file('{"__metadata__":["a"]}'), /"__metadata__" to map strings to strings/],
  ])('%s', async (_, bytes, message) => {
    const error = await open(bytes).then(
      () => undefined,
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(SafetensorsError);
    expect((error as SafetensorsError).message).toMatch(message);
    expect((error as SafetensorsError).file).toBe('m.safetensors');
  });

  test('every truncation of a sound file is refused', async () => {
    const whole = file(two([0, 2], [2, 4]), four);
    for (let length = 0; length < whole.length; length++) {
      await expect(open(whole.slice(0, length)), `cut to ${length} bytes`).rejects.toThrow(SafetensorsError);
    }
    expect((await open(whole)).tensors.size).toBe(2);
  });
});
