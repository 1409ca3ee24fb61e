import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

test('an ONNX file that is opened counts, with its data; others in its folder do not', async () => {
  const copy = join(folder, 'exported');
  await cp(join(folder, 'a'), copy, { recursive: true });
  const write = (name: string, content: string) => writeFile(join(copy, 'onnx', name), content);
  await write('model.onnx', 'graph');
  await write('model.onnx_data', 'weights');
  await write('other.onnx', 'x');
  const of = () => modelFingerprint(copy, 'onnx/model.onnx');
  const first = await of();
  expect(first).not.toBe(await modelFingerprint(copy));
  await write('other.onnx', 'y');
  expect(await of()).toBe(first);
  await write('model.onnx_data', 'Weights');
  expect(await of()).not.toBe(first);
});
