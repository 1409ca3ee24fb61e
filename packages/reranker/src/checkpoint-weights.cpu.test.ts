import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Checkpoint,
  memorySource,
  openCheckpoint,
  ParameterMatchError,
  safetensorsBytes,
  weightsInMemory,
  weightsOfCheckpoint,
} from '@rag/models';
import { directorySource } from '@rag/models/node';
import { afterAll, describe, expect, it } from 'vitest';
import { readClassifierConfig } from './classifier-config.js';
import { CrossEncoder } from './index.js';
import { tinyConfig } from './testing/tiny.js';
import {
  type TinyCheckpoint,
  tinyCheckpoint,
  tinyParameters,
  writeFiles,
} from './testing/tiny-checkpoint.js';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'weights-')));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
const fresh = () => join(root, String(folders++));

const parameters = tinyParameters();
const config = tinyConfig();
const load = (checkpoint: Checkpoint, options: { newHead?: boolean; seed?: number } = {}) =>
  weightsOfCheckpoint(
    checkpoint,
    readClassifierConfig(checkpoint.config, options.newHead),
    parameters,
    options,
  );
const inMemory = async (options: TinyCheckpoint = {}) =>
  openCheckpoint(memorySource(await tinyCheckpoint(options)));
const onDisk = async (files: Record<string, Uint8Array | string>) =>
  openCheckpoint(await directorySource(await writeFiles(fresh(), files)));
const score = async (directory: string) => {
  const model = await CrossEncoder.fromPretrained(directory);
  const found = await model.computeScore(['why is the sky blue', 'the moon is bright']);
  model.dispose();
  return found;
};

/** The same weights in two shards. */
async function shards(place: (shard: 'a' | 'b') => string = (shard) => shard) {
  const { 'model.safetensors': _, ...files } = await tinyCheckpoint();
  const [first, second] = [parameters.slice(0, 9), parameters.slice(9)];
  const weight_map = Object.fromEntries([
    ...first.map(({ name }) => [name, `${place('a')}.safetensors`]),
    ...second.map(({ name }) => [name, `${place('b')}.safetensors`]),
  ]);
  return {
    files: { ...files, 'model.safetensors.index.json': JSON.stringify({ weight_map }) },
    weights: { a: await safetensorsBytes(first), b: await safetensorsBytes(second) },
  };
}

describe('in place', () => {
  it('every parameter is a place in the file, whose bytes are its elements', async () => {
    const checkpoint = await onDisk(await tinyCheckpoint());
    const { sources, folder, initialized, read } = await load(checkpoint);
    expect(initialized).toEqual([]);
    for (const { name, data } of parameters) {
      const source = sources.get(name)!;
      if (!('file' in source)) return expect.unreachable(name);
      const bytes = readFileSync(join(folder!, source.file.location));
      const { offset, length } = source.file;
      expect(new Float32Array(new Uint8Array(bytes.subarray(offset, offset + length)).buffer)).toEqual(data);
      expect(await read(name)).toEqual(data);
    }
  });

  it('a byte that changes in the file before opening changes the score', async () => {
    const directory = await writeFiles(fresh(), await tinyCheckpoint());
    const before = await score(directory);
    const { sources } = await load(await openCheckpoint(await directorySource(directory)));
    const source = sources.get('classifier.bias')!;
    if (!('file' in source)) return expect.unreachable();
    const bytes = readFileSync(join(directory, 'model.safetensors'));
    bytes.writeFloatLE(100, source.file.offset);
    writeFileSync(join(directory, 'model.safetensors'), bytes);
    expect((await score(directory)) - before).toBeCloseTo(100, 4);
  });

  it.skipIf(process.platform !== 'linux')('the file is mapped, not read', async () => {
    const directory = await writeFiles(fresh(), await tinyCheckpoint());
    const file = join(directory, 'model.safetensors');
    const mapped = () => readFileSync('/proc/self/maps', 'utf8').includes(file);
    expect(mapped()).toBe(false);
    const model = await CrossEncoder.fromPretrained(directory);
    expect(mapped()).toBe(true);
    model.dispose();
  });

  it('through the symlinks of a hub cache, from its blobs', async () => {
    const files = await tinyCheckpoint();
    const plain = await writeFiles(fresh(), files);
    const cache = join(fresh(), 'models--someone--tiny');
    const snapshot = join(cache, 'snapshots', '0123abc');
    for (const folder of ['blobs', 'refs', 'snapshots/0123abc'])
      mkdirSync(join(cache, folder), { recursive: true });
    writeFileSync(join(cache, 'refs', 'main'), '0123abc');
    for (const [i, [name, content]] of Object.entries(files).entries()) {
      writeFileSync(join(cache, 'blobs', `hash${i}`), content);
      symlinkSync(join('..', '..', 'blobs', `hash${i}`), join(snapshot, name));
    }
    const { folder, sources } = await load(await openCheckpoint(await directorySource(snapshot)));
    expect(folder).toBe(join(cache, 'blobs'));
    expect(
      [...sources.values()].every((source) => 'file' in source && /^hash\d$/.test(source.file.location)),
    ).toBe(true);
    expect(await score(snapshot)).toBe(await score(plain));
    symlinkSync(snapshot, join(root, 'link'));
    expect(await score(join(root, 'link'))).toBe(await score(plain));
  });
});

describe('shards', () => {
  it('give the score of one file', async () => {
    const { files, weights } = await shards();
    const directory = await writeFiles(fresh(), {
      ...files,
      'a.safetensors': weights.a,
      'b.safetensors': weights.b,
    });
    expect(await score(directory)).toBe(await score(await writeFiles(fresh(), await tinyCheckpoint())));
  });

  it('in several folders give it too', async () => {
    const { files, weights } = await shards((shard) => `${shard}/shard`);
    const directory = await writeFiles(fresh(), files);
    for (const shard of ['a', 'b'] as const)
      await writeFiles(join(directory, shard), { 'shard.safetensors': weights[shard] });
    expect(await score(directory)).toBe(await score(await writeFiles(fresh(), await tinyCheckpoint())));
  });
});

describe('tensors that do not fit', () => {
  it('a missing, an unexpected and a mis-shaped one are named, all at once', async () => {
    const files = await tinyCheckpoint();
    const tensors = parameters
      .filter(({ name }) => name !== 'bert.encoder.layer.0.output.dense.bias')
      .map((tensor) => (tensor.name === 'bert.pooler.dense.bias' ? { ...tensor, shape: [4, 4] } : tensor));
    tensors.push({ name: 'linear.weight', shape: [2], data: new Float32Array(2) });
    const opening = load(
      await openCheckpoint(memorySource({ ...files, 'model.safetensors': await safetensorsBytes(tensors) })),
    );
    await expect(opening).rejects.toThrow(ParameterMatchError);
    await expect(opening).rejects.toMatchObject({
      missing: [{ name: 'bert.encoder.layer.0.output.dense.bias' }],
      misshaped: [{ name: 'bert.pooler.dense.bias', expected: [16], found: [4, 4] }],
      unexpected: ['linear.weight'],
    });
  });

  it('half a head is no head to replace by itself', async () => {
    const half = await inMemory({ nameOf: (name) => (name === 'classifier.bias' ? undefined : name) });
    await expect(load(half)).rejects.toThrow('classifier.bias: expected a tensor [1], got none');
    expect((await load(half, { newHead: true })).initialized).toEqual([
      'classifier.weight',
      'classifier.bias',
    ]);
  });
});

describe('a fresh head', () => {
  const bare = () =>
    inMemory({ nameOf: (name) => (/^bert\.(?!pooler)/.test(name) ? name.slice(5) : undefined) });
  const head = ['bert.pooler.dense.weight', 'bert.pooler.dense.bias', 'classifier.weight', 'classifier.bias'];

  it('is made where the checkpoint has none, and reported', async () => {
    const { initialized, sources, read } = await load(await bare());
    expect([...initialized].sort()).toEqual([...head].sort());
    expect(sources.size).toBe(parameters.length);
    expect(await read('classifier.bias')).toEqual(new Float32Array(1));
    expect(new Set(await read('classifier.weight')).size).toBeGreaterThan(8);
  });

  it('is a function of the seed', async () => {
    const weight = async (seed?: number) =>
      (await load(await bare(), seed === undefined ? {} : { seed })).read('classifier.weight');
    expect(await weight(3)).toEqual(await weight(3));
    expect(await weight(3)).not.toEqual(await weight(4));
    expect(await weight()).toEqual(await weight(42));
  });

  it('is an error where newHead: false forbids it', async () => {
    await expect(load(await bare(), { newHead: false })).rejects.toThrow(
      'classifier.weight: expected a tensor',
    );
  });

  it('replaces the one there is only when asked, and keeps the pooler', async () => {
    const complete = await inMemory();
    expect((await load(complete)).initialized).toEqual([]);
    const { initialized, read } = await load(complete, { newHead: true });
    expect(initialized).toEqual(['classifier.weight', 'classifier.bias']);
    expect(await read('classifier.weight')).not.toEqual(
      await (await load(complete)).read('classifier.weight'),
    );
    const pooler = parameters.find(({ name }) => name === 'bert.pooler.dense.weight')!;
    expect(await read(pooler.name)).toEqual(pooler.data);
  });
});

describe('in memory', () => {
  const arrays = () => new Map(parameters.map(({ name, data }) => [name, data]));

  it('a checkpoint that is on no disk is read', async () => {
    const { sources, folder } = await load(await inMemory());
    expect(folder).toBeUndefined();
    expect(sources.get('classifier.weight')).toEqual({ data: arrays().get('classifier.weight') });
  });

  it('missing, mis-sized and foreign parameters are errors that name them', () => {
    const missing = arrays();
    missing.delete('classifier.bias');
    expect(() => weightsInMemory(missing, parameters)).toThrow(
      'expected 1 elements [1] of "classifier.bias", got no such parameter',
    );
    expect(() => weightsInMemory(arrays().set('classifier.weight', new Float32Array(3)), parameters)).toThrow(
      'expected 16 elements [1,16] of "classifier.weight", got 3',
    );
    expect(() => weightsInMemory(arrays().set('x', new Float32Array(1)), parameters)).toThrow(
      'weights: expected only parameters of the model, got "x"',
    );
  });
});

it('names of older transformers and constant buffers are read', async () => {
  const checkpoint = await inMemory({
    nameOf: (name) =>
      name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta'),
  });
  const { read } = await load(checkpoint);
  for (const { name, data } of parameters) expect(await read(name)).toEqual(data);
  expect(config.model_type).toBe('bert');
});
