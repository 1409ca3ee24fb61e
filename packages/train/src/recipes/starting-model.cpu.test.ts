import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encoderConfigToJson } from '@rag/models';
import { saveCheckpoint } from '@rag/models/node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodeFiles } from '../node/node-files.js';
import { type TinyRun, writeTinyRun } from '../testing/tiny-run.js';
import { readWeight, weightNames } from './initial-weights.js';
import { describeModel } from './model-source.js';
import { openStartingModel, type StartingModel } from './starting-model.js';

let folder: string;
let tiny: TinyRun;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'starting-model-'));
  tiny = await writeTinyRun(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Opened = Omit<StartingModel, 'weights'> & { readonly weights: ReadonlyMap<string, Float32Array> };

async function open(modelNameOrPath: string, initFromConfig: boolean, seed = 3): Promise<Opened> {
  const start = await openStartingModel(nodeFiles, { modelNameOrPath, initFromConfig, seed }, { threads: 1 });
  start.model.dispose();
  // Read on after the model is disposed of, as a run does.
  const weights = new Map<string, Float32Array>();
  for (const name of weightNames(start.weights)) weights.set(name, await readWeight(start.weights, name));
  return { ...start, weights };
}

const save = (name: string, { config, tokenizerFiles, weights }: Opened, kept: (name: string) => boolean) =>
  saveCheckpoint(join(folder, name), {
    config: encoderConfigToJson(config),
    files: { ...tokenizerFiles },
    tensors: [...weights]
      .filter(([parameter]) => kept(parameter))
      .map(([parameter, data]) => ({
        name: parameter,
        // Matrices of this model have 32 or 64 columns; their first size follows from the length.
        shape:
          parameter.endsWith('.bias') || parameter.includes('LayerNorm')
            ? [data.length]
            : shapeOf(parameter, data.length),
        data: data as Float32Array<ArrayBuffer>,
      })),
  });
const shapeOf = (name: string, length: number): number[] => {
  const columns = /\d\.output\.dense/.test(name) ? 64 : 32;
  return [length / columns, columns];
};

test('from a config: every weight fresh, by the seed', async () => {
  const [a, b, c] = [
    await open(tiny.model, true),
    await open(tiny.model, true),
    await open(tiny.model, true, 4),
  ];
  expect(a.fresh).toEqual([...a.weights.keys()]);
  expect(a.config.extra.architectures).toEqual(['BertForSequenceClassification']);
  expect(b.weights).toEqual(a.weights);
  expect(c.weights.get('classifier.weight')).not.toEqual(a.weights.get('classifier.weight'));
  expect(describeModel(a, 'tiny')).toMatch(
    /^tiny: bert, 2 layers, hidden size 32, 0\.\d M parameters; fresh: every weight$/,
  );
});

test('from a checkpoint: its weights, and a fresh head only where it has none', async () => {
  const source = await open(tiny.model, true);
  await save('whole', source, () => true);
  const whole = await open(join(folder, 'whole'), false, 99);
  expect(whole.fresh).toEqual([]);
  expect(whole.weights).toEqual(source.weights);
  expect(describeModel(whole, 'm')).not.toContain('fresh');

  await save('headless', source, (name) => !name.startsWith('classifier.'));
  const headless = await open(join(folder, 'headless'), false, 4);
  expect(headless.fresh).toEqual(['classifier.weight', 'classifier.bias']);
  expect(headless.weights.get('bert.pooler.dense.weight')).toEqual(
    source.weights.get('bert.pooler.dense.weight'),
  );
  // The fresh head is the one that the model scores with: a function of seed and name.
  const fresh = await open(tiny.model, true, 4);
  expect(headless.weights.get('classifier.weight')).toEqual(fresh.weights.get('classifier.weight'));
  expect(describeModel(headless, 'm')).toContain('; fresh: classifier.weight, classifier.bias');

  await save('holed', source, (name) => name !== 'bert.encoder.layer.1.output.dense.weight');
  await expect(open(join(folder, 'holed'), false)).rejects.toThrow(
    'bert.encoder.layer.1.output.dense.weight',
  );
  await expect(open(join(folder, 'whole'), true)).rejects.toThrow(
    `init_from_config: expected a directory without weights, got ${join(folder, 'whole')} with model.safetensors`,
  );
});

test('what is no model directory is an error that says what to do', async () => {
  await expect(open('./no/such/model', false)).rejects.toThrow(
    '"./no/such/model": expected a model directory or the name of a model of the hub, such as "BAAI/bge-m3", got neither',
  );
  await expect(open(tiny.model, false)).rejects.toThrow(
    `model_name_or_path: expected model.safetensors in ${tiny.model}, got a config.json without weights`,
  );
  await expect(open(folder, false)).rejects.toThrow('config.json: expected it in the checkpoint');
});
