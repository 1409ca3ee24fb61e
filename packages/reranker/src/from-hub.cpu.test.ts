import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HUB_TOKEN, type HubServer, startHubServer } from '@rag/models/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CrossEncoder } from './cross-encoder.js';
import { openTiny } from './testing/open-tiny.js';
import { tinyCheckpoint, writeFiles } from './testing/tiny-checkpoint.js';

let cacheDir: string;
let hub: HubServer;
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'from-hub-'));
  hub = await startHubServer();
});
afterEach(async () => {
  await hub.close();
  await rm(cacheDir, { recursive: true, force: true });
});

test('a cross-encoder by its name on the hub: revision, token, cache, offline', async () => {
  const [files, other] = [await tinyCheckpoint(), await tinyCheckpoint({ seed: 8 })];
  hub.add(
    'org/reranker',
    { ...files, 'README.md': '', 'pytorch_model.bin': 'x' },
    { names: ['v1'], private: true },
  );
  hub.add('org/reranker', other);
  const options = { endpoint: hub.endpoint, token: HUB_TOKEN, cacheDir, offline: false } as const;
  const pair = ['why is the moon red', 'the sun'] as const;
  const scoreOf = async (idOrDirectory: string, more: object = {}) => {
    const model = await CrossEncoder.fromPretrained(idOrDirectory, more);
    const score = await model.computeScore(pair);
    model.dispose();
    return score;
  };
  const [first, second] = [
    await scoreOf(await writeFiles(join(cacheDir, 'first'), files)),
    await scoreOf(await writeFiles(join(cacheDir, 'second'), other)),
  ];
  expect(first).not.toBe(second);
  const done: number[] = [];
  const onProgress = ({ allLoaded, allSize }: { allLoaded: number; allSize: number }) =>
    done.push(allLoaded / allSize);
  expect(await scoreOf('org/reranker', { ...options, onProgress })).toBe(second);
  expect(done.at(-1)).toBe(1);
  expect(await scoreOf('org/reranker', { ...options, revision: 'v1' })).toBe(first);
  expect(hub.lines(/README|pytorch/)).toEqual([]);
  hub.requests.length = 0;
  expect(await scoreOf('org/reranker', { ...options, offline: true })).toBe(second);
  expect(hub.requests).toEqual([]);

  const nobody = CrossEncoder.fromPretrained('org/reranker', { ...options, token: false });
  await expect(nobody).rejects.toThrow('org/reranker@main: expected a model of this name, got HTTP 401');
  await expect(CrossEncoder.fromPretrained('./none', options)).rejects.toThrow(
    '"./none": expected a model directory or the name of a model of the hub',
  );
  expect((await readdir(cacheDir)).sort()).toEqual(['first', 'models--org--reranker', 'second']);
});

test('of the hub comes the ONNX file that is asked for, with its data, and no weights', async () => {
  const model = await openTiny();
  const directory = join(cacheDir, 'own');
  await model.savePretrained(directory);
  await model.exportOnnx(directory, { externalData: true });
  await model.exportNarrow(
    directory,
    [
      ['a cat', 'sun'],
      ['dog', 'the sun'],
      ['red', 'moon'],
    ],
    { dtype: 'fp16', leastSpearman: 0 },
  );
  const names = [
    'config.json',
    'tokenizer.json',
    'tokenizer_config.json',
    'model.safetensors',
    'onnx/model.onnx',
    'onnx/model.onnx_data',
    'onnx/model_fp16.onnx',
  ];
  const files = await Promise.all(names.map(async (name) => [name, await readFile(join(directory, name))]));
  hub.add('org/exported', Object.fromEntries(files));
  const options = { endpoint: hub.endpoint, token: HUB_TOKEN, cacheDir, offline: false } as const;
  const pair = ['why is the moon red', 'the sun'] as const;
  const expected = await model.computeScore(pair);
  for (const more of [{}, { offline: true }]) {
    const opened = await CrossEncoder.fromPretrained('org/exported', { ...options, ...more, onnx: true });
    expect(opened.onnx).toBe('onnx/model.onnx');
    expect(Math.abs((await opened.computeScore(pair)) - expected)).toBeLessThan(1e-5);
    opened.dispose();
  }
  expect(hub.lines(/safetensors|fp16/)).toEqual([]);
  const half = await CrossEncoder.fromPretrained('org/exported', { ...options, onnx: 'fp16' });
  expect(Math.abs((await half.computeScore(pair)) - expected)).toBeLessThan(1e-2);
  half.dispose();
  expect(hub.lines(/safetensors/)).toEqual([]);
});
