import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { add, constant, parameter, trace } from '@rag/onnx';
import { openModel } from '@rag/onnx/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openCheckpoint } from './checkpoint.js';
import { parseEncoderConfig } from './config.js';
import { float16ToFloat32, float32ToFloat16 } from './float16.js';
import { modelWithWeights } from './model-with-weights.js';
import { directorySource } from './node/directory-source.js';
import { weightsOfCheckpoint } from './weights.js';

const fixtures = fileURLToPath(new URL('./fixtures/', import.meta.url));
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weights-'));
  await copyFile(join(fixtures, 'bert/config.json'), join(directory, 'config.json'));
});
afterEach(() => rm(directory, { recursive: true }));

const SHARDS = [
  'pytorch_model.bin.index.json',
  'pytorch_model-00001-of-00002.bin',
  'pytorch_model-00002-of-00002.bin',
];
const half = (values: Float32Array) => float16ToFloat32(float32ToFloat16(values));

test.each<[string, Record<string, string>, (values: Float32Array) => Float32Array]>([
  ['safetensors', { 'model.safetensors': 'bert/model.safetensors' }, (values) => values],
  ['one file of torch, as before 1.6', { 'pytorch_model.bin': 'bert-torch/legacy.bin' }, (values) => values],
  [
    'shards of torch in half precision',
    Object.fromEntries(SHARDS.map((name) => [name, `bert-torch/${name}`])),
    half,
  ],
])('ONNX Runtime reads %s in place', async (_, files, rounded) => {
  for (const [name, from] of Object.entries(files)) {
    await copyFile(join(fixtures, from), join(directory, name));
  }
  const checkpoint = await openCheckpoint(await directorySource(directory));
  const original = await openCheckpoint(await directorySource(join(fixtures, 'bert')));
  const wanted = original.tensors.names.map((name) => ({ name, shape: original.tensors.shape(name) }));
  const { sources, folder, read } = await weightsOfCheckpoint(
    checkpoint,
    parseEncoderConfig(checkpoint.config),
    wanted,
    {},
  );
  expect([...sources.values()].filter((source) => 'file' in source)).toHaveLength(wanted.length);
  const graph = trace({}, () =>
    Object.fromEntries(
      wanted.map(({ name, shape }, i) => [`out_${i}`, add(parameter(name, shape), constant(0))]),
    ),
  );
  const session = await openModel(modelWithWeights(graph, sources), { externalDataFolder: folder! });
  const outputs = await session.run({});
  for (const [i, { name }] of wanted.entries()) {
    const expected = rounded(await original.tensors.read(name));
    expect(outputs[`out_${i}`]!.data, name).toEqual(expected);
    expect(await read(name), name).toEqual(expected);
  }
  session.close();
});
