import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { memorySource } from './file-source.js';
import { type PytorchTensor, readPytorchFile } from './pytorch-file.js';
import { PytorchFileError } from './pytorch-file-error.js';
import { pickleOf, storedZip } from './testing/pytorch-archive.js';

interface GoldenTensor {
  name: string;
  dtype: string;
  shape: number[];
  values: number[];
}

const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`./fixtures/pytorch/${name}`, import.meta.url)));
const golden = JSON.parse(new TextDecoder().decode(fixture('golden.json'))) as {
  files: Record<string, GoldenTensor[]>;
};
const read = (bytes: Uint8Array) => readPytorchFile(memorySource({ 'w.pt': bytes }), 'w.pt');

async function contents(tensors: ReadonlyMap<string, PytorchTensor>): Promise<GoldenTensor[]> {
  const list = [];
  for (const [key, tensor] of tensors) {
    const { name, dtype, shape } = tensor;
    expect(name).toBe(key);
    list.push({ name, dtype, shape: [...shape], values: Array.from(await tensor.read()) });
  }
  return list;
}

describe('files of torch.save', () => {
  test.each(Object.keys(golden.files))('%s: names, dtypes, shapes and elements', async (name) => {
    const want = golden.files[name]!;
    expect(want.length).toBeGreaterThan(1);
    expect(await contents(await read(fixture(name)))).toEqual(want);
  });

  test('the format before torch 1.6 is refused with the way to convert it', async () => {
    await expect(read(fixture('legacy.pt'))).rejects.toThrow(
      /^w\.pt: expected a zip archive of torch\.save, got a bare pickle.*torch\.save\(torch\.load/,
    );
  });

  test.each(['colbert_linear.pt', 'views.pt'])(
    '%s cut anywhere is an error of its own kind',
    async (name) => {
      const bytes = fixture(name);
      for (let length = 0; length < bytes.length; length += 16) {
        const rest = bytes.subarray(0, length);
        await expect(read(rest), `${length} bytes`).rejects.toThrow(PytorchFileError);
      }
      await expect(read(bytes.subarray(0, -1))).rejects.toThrow(PytorchFileError);
    },
  );

  test('one damaged byte is never another kind of error, a hang, or more elements', async () => {
    const bytes = fixture('views.pt');
    const largest = Math.max(...golden.files['views.pt']!.map((tensor) => tensor.values.length));
    let refused = 0;
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice();
      damaged[at] = damaged[at]! ^ 0x55;
      try {
        for (const tensor of await contents(await read(damaged))) {
          expect(tensor.values.length).toBeLessThanOrEqual(largest);
        }
      } catch (error) {
        if (!(error instanceof PytorchFileError)) throw new Error(`byte ${at}`, { cause: error });
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(500);
  });
});

/** A file with one tensor `w`, any of whose parts can be wrong. */
function archive(part: {
  global?: string;
  storage?: string;
  key?: string;
  count?: number;
  shape?: number[];
  strides?: number[];
  offset?: number;
  data?: Uint8Array;
  extra?: Record<string, Uint8Array>;
  hooks?: unknown;
}): Uint8Array {
  const { shape = [2, 2], strides = [2, 1], data = new Uint8Array(16) } = part;
  const id = {
    persistent: [
      'storage',
      { global: part.storage ?? 'torch.FloatStorage' },
      part.key ?? '0',
      'cpu',
      part.count ?? 4,
    ],
  };
  const tensor = {
    call: part.global ?? 'torch._utils._rebuild_tensor_v2',
    args: [
      id,
      part.offset ?? 0,
      shape,
      strides,
      false,
      part.hooks ?? { call: 'collections.OrderedDict', args: [] },
    ],
  };
  return storedZip({
    'archive/data.pkl': pickleOf({ dict: { w: tensor } }),
    'archive/data/0': data,
    ...part.extra,
  });
}

describe('hostile state dicts', () => {
  test('the writer of these tests makes a sound file', async () => {
    const data = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);
    const w = (await read(archive({ data, strides: [1, 2] }))).get('w')!;
    expect(Array.from(await w.read())).toEqual([1, 3, 2, 4]);
  });

  const text = (value: string) => new TextEncoder().encode(value);
  const cases: [string, Parameters<typeof archive>[0], RegExp][] = [
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
    ['a storage that is not there', { key: '1' }, /data\/1 in the archive, got none/],
    ['a storage outside the archive', { key: '../../etc/passwd' }, /got none/],
    ['more elements than bytes', { count: 5 }, /data\/0: expected 5 elements of F32, got 16 bytes/],
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
    ['hooks', { hooks: { dict: { hook: 1 } } }, /without hooks or metadata/],
    [
      'big-endian data',
      { extra: { 'archive/byteorder': text('big') } },
      /byteorder "big" — load and save it again/,
    ],
    ['TorchScript', { extra: { 'archive/constants.pkl': text('x') } }, /TorchScript/],
    [
      'two archives in one',
      { extra: { 'b/data.pkl': text('x') } },
      /expected one <folder>\/data\.pkl .*got 2/,
    ],
  ];
  test.each(cases)('%s', async (_, part, message) => {
    await expect(read(archive(part))).rejects.toThrow(message);
    await expect(read(archive(part))).rejects.toBeInstanceOf(PytorchFileError);
  });

  test('a nested checkpoint or a number is named, not skipped', async () => {
    const nested = storedZip({ 'a/data.pkl': pickleOf({ dict: { model: { dict: {} }, epoch: 3 } }) });
    await expect(read(nested)).rejects.toThrow(
      /expected names with tensors, got a dict under "model" — save the state dict alone/,
    );
    await expect(read(storedZip({ 'a/data.pkl': pickleOf([1]) }))).rejects.toThrow(
      /expected a state dict, got a tuple/,
    );
  });

  test('keys of Object.prototype are ordinary names', async () => {
    const state = { dict: JSON.parse('{"__proto__": 1}') as Record<string, unknown> };
    await expect(read(storedZip({ 'a/data.pkl': pickleOf(state) }))).rejects.toThrow(
      /got 1 under "__proto__"/,
    );
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
