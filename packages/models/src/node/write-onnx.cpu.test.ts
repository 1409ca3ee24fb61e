import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linear, parameter, trace } from '@rag/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type PortableModel, singlePrecision } from '../export/portable-model.js';
import { writeOnnx } from './write-onnx.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'write-onnx-'));
});
afterEach(() => rm(directory, { recursive: true }));

const weights = new Map([
  ['weight', Float32Array.from([1, 2, 3, 4, 5, 6])],
  ['bias', Float32Array.from([0.5, -0.5])],
]);
const model = (read = async (name: string) => weights.get(name)!): PortableModel =>
  singlePrecision(
    trace({ x: { dtype: 'float32', shape: ['rows', 3] } }, ({ x }) => ({
      y: linear(x, parameter('weight', [2, 3], 'float32'), parameter('bias', [2], 'float32')),
    })),
    read,
  );

async function run(path: string): Promise<number[]> {
  const session = await InferenceSession.create(path, { logSeverityLevel: 3 });
  const { y } = await session.run({ x: new Tensor('float32', [1, 1, 1], [1, 3]) });
  return Array.from(y!.data as Float32Array);
}

describe('writeOnnx', () => {
  it('puts the weights into the model, or beside it at offsets of whole pages', async () => {
    const one = await writeOnnx(directory, model());
    expect(one.files).toEqual([join(directory, 'onnx', 'model.onnx')]);
    expect(await run(one.files[0]!)).toEqual([6.5, 14.5]);
    const two = await writeOnnx(directory, model(), { externalData: true });
    expect(two.files).toEqual(['model.onnx', 'model.onnx_data'].map((name) => join(directory, 'onnx', name)));
    expect(await run(two.files[0]!)).toEqual([6.5, 14.5]);
    expect((await readFile(two.files[1]!)).length).toBe(4096 + 8);
    expect(two.bytes).toBe((await readFile(two.files[0]!)).length + 4096 + 8);
  });

  it('leaves no weights of an older file behind', async () => {
    await writeOnnx(directory, model(), { externalData: true });
    await writeOnnx(directory, model());
    expect(await readdir(join(directory, 'onnx'))).toEqual(['model.onnx']);
  });

  it('leaves the old model where a weight cannot be read', async () => {
    await writeOnnx(directory, model(), { externalData: true });
    const broken = model(async (name) => {
      if (name === 'bias') throw new Error('gone');
      return new Float32Array(6);
    });
    for (const externalData of [true, false])
      await expect(writeOnnx(directory, broken, { externalData })).rejects.toThrow('gone');
    expect((await readdir(join(directory, 'onnx'))).sort()).toEqual(['model.onnx', 'model.onnx_data']);
    expect(await run(join(directory, 'onnx', 'model.onnx'))).toEqual([6.5, 14.5]);
  });

  it('lets a model be refused before it takes its place', async () => {
    await writeOnnx(directory, model());
    const seen: number[][] = [];
    const check = async (path: string) => {
      seen.push(await run(path));
      throw new Error('refused');
    };
    const other = model(async (name) => weights.get(name)!.map((x) => x * 2));
    for (const externalData of [true, false])
      await expect(writeOnnx(directory, other, { externalData, check })).rejects.toThrow('refused');
    expect(seen).toEqual([
      [13, 29],
      [13, 29],
    ]);
    expect(await readdir(join(directory, 'onnx'))).toEqual(['model.onnx']);
    expect(await run(join(directory, 'onnx', 'model.onnx'))).toEqual([6.5, 14.5]);
  });

  it('keeps other variants and files', async () => {
    await writeOnnx(directory, model(), { name: 'model_fp16' });
    await writeFile(join(directory, 'onnx', 'notes.txt'), 'mine');
    await writeOnnx(directory, model());
    expect((await readdir(join(directory, 'onnx'))).sort()).toEqual([
      'model.onnx',
      'model_fp16.onnx',
      'notes.txt',
    ]);
  });

  it('refuses names that leave the folder and weights of another size', async () => {
    for (const name of ['../model', 'model.onnx', 'weights', ''])
      await expect(writeOnnx(directory, model(), { name })).rejects.toThrow(RangeError);
    const short = model(async () => new Float32Array(1));
    await expect(writeOnnx(directory, short)).rejects.toThrow(
      'weight: expected 24 bytes (float32 [2,3]), got 4',
    );
  });
});
