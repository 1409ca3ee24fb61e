import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { memorySource } from './file-source.js';
import { readSafetensorsHeader, readTensor } from './safetensors.js';
import {
  type ByteSink,
  safetensorsBytes,
  type TensorToWrite,
  writeSafetensors,
} from './safetensors-write.js';

async function reread(bytes: Uint8Array) {
  const source = memorySource({ m: bytes });
  const { metadata, tensors } = await readSafetensorsHeader(source, 'm');
  return { source, metadata, tensors };
}

test.each(['bert', 'roberta', 'xlm-roberta', 'bert-encoder'])(
  'rewriting what Python wrote gives the same bytes: %s',
  async (name) => {
    const original = new Uint8Array(
      await readFile(new URL(`./fixtures/${name}/model.safetensors`, import.meta.url)),
    );
    const { source, metadata, tensors } = await reread(original);
    const rewritten = [...tensors.values()]
      .reverse()
      .map((entry) => ({ ...entry, data: () => readTensor(source, entry) }));
    expect(metadata).toEqual({ format: 'pt' });
    expect(await safetensorsBytes(rewritten)).toEqual(original);
  },
);

test('wider dtypes first, then by name; every tensor aligned, the header to 8 bytes; halves converted', async () => {
  const bytes = await safetensorsBytes([
    { name: 'z', shape: [3], dtype: 'U8', data: Uint8Array.of(1, 2, 3) },
    { name: '10', shape: [2], dtype: 'BF16', data: Float32Array.of(1, 3.140625) },
    { name: 'b', shape: [], data: Float32Array.of(5) },
    { name: 'a', shape: [0, 2], data: new Float32Array(0) },
    { name: 'h', shape: [1], dtype: 'F16', data: async () => Float32Array.of(0.5) },
    { name: 'ids', shape: [1], dtype: 'I64', data: new Uint8Array(BigInt64Array.of(-1n).buffer) },
  ]);
  const { source, tensors } = await reread(bytes);
  expect([...tensors.keys()]).toEqual(['ids', 'a', 'b', '10', 'h', 'z']);
  for (const { offset, length, shape } of tensors.values()) {
    const width = shape.includes(0) ? 4 : length / (shape[0] ?? 1);
    expect(offset % width).toBe(0);
  }
  expect(tensors.get('ids')!.offset % 8).toBe(0);
  const values = await Promise.all([...tensors.values()].map((entry) => readTensor(source, entry)));
  expect(values.map((value) => Array.from(value))).toEqual([[-1], [], [5], [1, 3.140625], [0.5], [1, 2, 3]]);
});

test.each<[string, TensorToWrite[], RegExp]>([
  [
    'a name twice',
    Array(2).fill({ name: 'a', shape: [], data: Float32Array.of(1) }),
    /"a": expected a well-formed/,
  ],
  ['a reserved name', [{ name: '__metadata__', shape: [], data: Float32Array.of(1) }], /reserved name/],
  ['a broken name', [{ name: '\ud800', shape: [], data: Float32Array.of(1) }], /well-formed name/],
  [
    'too few elements',
    [{ name: 'a', shape: [2], data: Float32Array.of(1) }],
    /"a": expected 8 bytes .*, got 4/,
  ],
  [
    'an overflow',
    [{ name: 'a', shape: [2], dtype: 'F16', data: Float32Array.of(1, 65520) }],
    /got 65520 at element 1/,
  ],
  ['floats as integers', [{ name: 'a', shape: [1], dtype: 'I32', data: Float32Array.of(1) }], /got I32/],
])('%s is an error, and the sink is aborted', async (_, tensors, message) => {
  const calls: string[] = [];
  const sink: ByteSink = {
    async write() {
      calls.push('write');
    },
    async close() {
      calls.push('close');
    },
    async abort() {
      calls.push('abort');
    },
  };
  await expect(writeSafetensors(sink, tensors)).rejects.toThrow(message);
  expect(calls.at(-1)).toBe('abort');
  expect(calls).not.toContain('close');
});

test('infinities and NaN pass through F16', async () => {
  const data = Float32Array.of(Infinity, -Infinity, Number.NaN);
  const { source, tensors } = await reread(
    await safetensorsBytes([{ name: 'a', shape: [3], dtype: 'F16', data }]),
  );
  expect(Array.from(await readTensor(source, tensors.get('a')!))).toEqual(Array.from(data));
});

test('lazy data is asked for one tensor at a time', async () => {
  let open = 0;
  const tensor = (name: string): TensorToWrite => ({
    name,
    shape: [1],
    data: async () => {
      expect(++open).toBe(1);
      await Promise.resolve();
      open--;
      return Float32Array.of(1);
    },
  });
  await safetensorsBytes([tensor('a'), tensor('b'), tensor('c')]);
});
