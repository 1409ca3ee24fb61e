import { describe, expect, test } from 'vitest';
import { memorySource } from './file-source.js';
import type { PickleValue } from './pickle-value.js';
import { readPytorchFile } from './pytorch-file.js';
import { PytorchFileError } from './pytorch-file-error.js';
import { stateDictReader } from './state-dict.js';
import { pickleOf, storedZip } from './testing/pytorch-archive.js';
import { type TensorParts, tensorArchive } from './testing/tensor-archive.js';

const read = (bytes: Uint8Array) => readPytorchFile(memorySource({ 'w.pt': bytes }), 'w.pt');

describe('one tensor over one storage', () => {
  test('the writer of these tests makes a sound file', async () => {
    const data = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);
    const w = (await read(tensorArchive({ data, strides: [1, 2] }))).get('w')!;
    expect(Array.from(await w.read())).toEqual([1, 3, 2, 4]);
  });

  const cases: [string, TensorParts, RegExp][] = [
    ['a call of os.system', { global: 'os.system' }, /got the global "os\.system" — it is not called/],
    ['builtins.eval', { global: 'builtins.eval' }, /got the global "builtins\.eval"/],
    ['a name of Object.prototype', { global: 'constructor.constructor' }, /"constructor\.constructor"/],
    [
      'a call of a storage class',
      { global: 'torch.FloatStorage' },
      /expected torch\.FloatStorage to be named/,
    ],
    [
      'a dtype that float32 cannot hold',
      { storage: 'torch.ComplexFloatStorage' },
      /"torch\.ComplexFloatStorage"/,
    ],
    ['a function as storage class', { storage: 'collections.OrderedDict' }, /expected a storage class/],
    ['a negative count', { count: -4 }, /expected a persistent id of a storage/],
    ['a shape larger than the storage', { shape: [2, 3], strides: [3, 1] }, /inside the 4 elements/],
    ['a stride that leaves the storage', { strides: [3, 1] }, /inside the 4 elements/],
    ['an offset that leaves the storage', { offset: 1 }, /inside the 4 elements/],
    ['a view that repeats elements', { shape: [1 << 30], strides: [0] }, /inside the 4 elements/],
    [
      'a shape beyond numbers',
      { shape: Array(40).fill(2 ** 31 - 1), strides: Array(40).fill(0) },
      /inside the 4/,
    ],
    ['a negative stride', { strides: [-1, 1] }, /expected a shape and as many strides/],
    ['too few strides', { strides: [1] }, /expected a shape and as many strides/],
    [
      'more dimensions than torch has',
      { shape: Array(65).fill(1), strides: Array(65).fill(1) },
      /at most 64/,
    ],
    ['a key of a thousand characters', { key: '0'.repeat(1000) }, /keys of at most 64 characters/],
    ['a view of a storage', { view: [['1', 0, 2]] }, /expected whole storages/],
    ['hooks', { hooks: { dict: { hook: 1 } } }, /without hooks or metadata/],
  ];
  test.each(cases)('%s', async (_, part, message) => {
    await expect(read(tensorArchive(part))).rejects.toThrow(message);
    await expect(read(tensorArchive(part))).rejects.toBeInstanceOf(PytorchFileError);
  });

  test('a storage that is named twice is the same both times', async () => {
    const id = (count: number) => ({
      persistent: ['storage', { global: 'torch.FloatStorage' }, '0', 'cpu', count],
    });
    const tensor = (count: number) => ({
      call: 'torch._utils._rebuild_tensor_v2',
      args: [id(count), 0, [1], [1], false, { dict: {} }],
    });
    const bytes = (second: number) =>
      storedZip({
        'a/data.pkl': pickleOf({ dict: { v: tensor(4), w: tensor(second) } }),
        'a/data/0': new Uint8Array(16),
      });
    expect((await read(bytes(4))).size).toBe(2);
    await expect(read(bytes(3))).rejects.toThrow(
      /storage 0: expected 4 elements of F32 as before, got 3 of F32/,
    );
  });

  test('storages without end', () => {
    const { reader } = stateDictReader('w.pt');
    const id = (key: number): PickleValue => ({
      kind: 'tuple',
      items: ['storage', { kind: 'global', name: 'torch.FloatStorage' }, String(key), 'cpu', 4],
    });
    for (let key = 0; key < 65_536; key++) reader.persistent(id(key));
    expect(() => reader.persistent(id(65_536))).toThrow(/w\.pt: expected at most 65536 storages, got more/);
    expect(() => reader.persistent(id(0))).toThrow(PytorchFileError);
  });
});
