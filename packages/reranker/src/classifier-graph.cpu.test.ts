import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  float32ToBfloat16,
  float32ToFloat16,
  modelWithWeights,
  toFloat32,
  type WeightSource,
} from '@rag/models';
import { readModelProto } from '@rag/onnx';
import { createSession } from '@rag/runtime';
import { afterAll, describe, expect, it } from 'vitest';
import { classifierGraph } from './classifier-graph.js';
import { scoreSequences } from './score-sequences.js';
import { tinyConfig } from './testing/tiny.js';
import { tinyParameters } from './testing/tiny-checkpoint.js';

const folder = mkdtempSync(join(tmpdir(), 'classifier-graph-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const graph = classifierGraph(tinyConfig(), 1);
const parameters = tinyParameters();
const sequences = [
  { input_ids: [2, 5, 9, 3, 12, 13, 3], token_type_ids: [0, 0, 0, 0, 1, 1, 1] },
  { input_ids: [2, 7, 3, 3], token_type_ids: [0, 0, 0, 1] },
];

async function scores(sources: ReadonlyMap<string, WeightSource>, externalDataFolder?: string) {
  const session = await createSession(modelWithWeights(graph, sources), {
    provider: 'cpu',
    ...(externalDataFolder === undefined ? {} : { externalDataFolder }),
  });
  const found = await scoreSequences(session, sequences, 0, { batchSize: 8, maxTokens: 100 });
  session.dispose();
  return found;
}

const inMemory = (widened: (data: Float32Array) => Float32Array = (data) => data) =>
  new Map(parameters.map(({ name, data }) => [name, { data: widened(data) }]));

/** One file with every parameter's bytes, each at its own offset behind eight bytes of something else. */
function inFile(
  file: string,
  dtype: 'float32' | 'float16' | 'bfloat16',
  bytes: (x: Float32Array) => Uint8Array,
) {
  const sources = new Map<string, WeightSource>();
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const { name, data } of parameters) {
    const encoded = bytes(data);
    parts.push(new Uint8Array(8).fill(255), encoded);
    sources.set(name, { file: { location: file, offset: offset + 8, length: encoded.length }, dtype });
    offset += 8 + encoded.length;
  }
  writeFileSync(join(folder, file), Buffer.concat(parts));
  return sources;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength).slice();

describe('weights in a file', () => {
  it('float32 gives the bits of weights in memory', async () => {
    expect(await scores(inFile('f32', 'float32', bytesOf), folder)).toEqual(await scores(inMemory()));
  });

  it.each([
    ['float16', 'F16', (x: Float32Array) => bytesOf(float32ToFloat16(x))],
    ['bfloat16', 'BF16', (x: Float32Array) => bytesOf(float32ToBfloat16(x))],
  ] as const)(
    '%s is widened, to the bits of weights that were rounded before',
    async (dtype, stored, round) => {
      const rounded = await scores(inMemory((data) => toFloat32(round(data), stored, 'rounded')));
      expect(rounded).not.toEqual(await scores(inMemory()));
      expect(await scores(inFile(dtype, dtype, round), folder)).toEqual(rounded);
    },
  );

  it('are not in the model, which stays small', () => {
    const bytes = parameters.reduce((sum, { data }) => sum + data.byteLength, 0);
    const model = modelWithWeights(graph, inFile('f32', 'float32', bytesOf));
    expect(modelWithWeights(graph, inMemory()).length - model.length).toBeGreaterThan(bytes / 2);
    expect(readModelProto(model).graph!.initializer.filter(({ rawData }) => rawData.length > 64)).toEqual([]);
  });
});

it('is fed a packed batch and yields one logit per sequence', () => {
  expect(graph.inputs.map(({ shape }) => shape)).toContainEqual(['batch', 'seq']);
  expect(graph.outputs.logits!.shape).toEqual(['batch', 1]);
  expect(classifierGraph(tinyConfig(), 3).outputs.logits!.shape).toEqual(['batch', 3]);
});

it('a parameter without a source is an error that names it', () => {
  const sources = inMemory();
  sources.delete('classifier.bias');
  expect(() => modelWithWeights(graph, sources)).toThrow('weights: expected "classifier.bias", got no such');
});

it('weights in memory that no ONNX model can hold are an error', () => {
  const huge = { byteLength: 2 ** 31 } as Float32Array;
  const sources = new Map(inMemory()).set('classifier.weight', { data: huge });
  expect(() => modelWithWeights(graph, sources)).toThrow(
    /expected less than 2147483648 bytes in memory, got/,
  );
});
