import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tinyModel } from '@rag/runtime/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { modelFingerprint } from './model-fingerprint.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fingerprint-'));
  const model = join(folder, 'a');
  await mkdir(join(model, '1_Pooling'), { recursive: true });
  await mkdir(join(model, 'onnx'));
  await writeFile(join(model, 'model.safetensors'), 'weights');
  await writeFile(join(model, 'config.json'), '{}');
  await writeFile(join(model, '1_Pooling', 'config.json'), '{"cls":true}');
});
afterAll(() => rm(folder, { recursive: true }));

test.each([
  ['nothing', undefined, true],
  ['README.md', 'x', true],
  ['onnx/model.bin', 'x', true],
  ['model.safetensors', 'Weights', false],
  ['config.json', '{ }', false],
  ['1_Pooling/config.json', '{"cls":false}', false],
  ['tokenizer.json', '{}', false],
])('a copy in which %s is another', async (name, content, isEqual) => {
  const copy = join(folder, name.replaceAll('/', '-'));
  await cp(join(folder, 'a'), copy, { recursive: true });
  if (content !== undefined) await writeFile(join(copy, ...name.split('/')), content);
  const [first, second] = [await modelFingerprint(join(folder, 'a')), await modelFingerprint(copy)];
  expect(first).toMatch(/^[0-9a-f]{16}$/);
  expect(second === first).toBe(isEqual);
});

/** y[3] = x[3] + w, where w lies in a file of this name. */
const addsFrom = (location: string): Uint8Array =>
  tinyModel(
    [{ name: 'x', dtype: 'float32', shape: [3] }],
    [{ name: 'y', dtype: 'float32', shape: [3] }],
    [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
    [{ name: 'w', dtype: 'float32', shape: [3], location, offset: 0, length: 12 }],
  );

test.each(['model.onnx_data', 'weights of 2026', 'model.onnx.data', 'w.bin'])(
  'an ONNX file that is opened counts, with its data in "%s"; others in its folder do not',
  async (data) => {
    const copy = join(folder, `exported ${data}`);
    await cp(join(folder, 'a'), copy, { recursive: true });
    const write = (name: string, content: string | Uint8Array) =>
      writeFile(join(copy, 'onnx', name), content);
    await write('model.onnx', addsFrom(data));
    await write(data, 'weights of y');
    for (const other of ['other.onnx', 'other.bin', 'model.onnx.old']) await write(other, 'x');
    const of = () => modelFingerprint(copy, 'onnx/model.onnx');
    const first = await of();
    expect(first).not.toBe(await modelFingerprint(copy));
    for (const other of ['other.onnx', 'other.bin', 'model.onnx.old']) await write(other, 'y');
    expect(await of()).toBe(first);
    await write(data, 'Weights of y');
    const second = await of();
    expect(second).not.toBe(first);
    await write('renamed', 'Weights of y');
    await write('model.onnx', addsFrom('renamed'));
    expect(await of()).not.toBe(second);
  },
);
