import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Embedding } from '@rag/embedding';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TrainOptions } from '../node/train.js';
import { type TinyRun, writeTinyRun } from '../testing/tiny-run.js';
import { watchedRun } from '../testing/watched-run.js';

let folder: string;
let tiny: TinyRun;
/** A decoder laid out as Qwen3-Embedding, of hidden size 16. */
let decoder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-embedding-adapter-'));
  tiny = await writeTinyRun(folder);
  decoder = join(folder, 'decoder');
  await cp(
    fileURLToPath(new URL('../../../embedding/src/fixtures/qwen3-embedding', import.meta.url)),
    decoder,
    {
      recursive: true,
    },
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const watch = (name: string, options: Partial<TrainOptions<'embedding'>> = {}) =>
  watchedRun<'embedding'>({
    task: 'embedding',
    modelNameOrPath: decoder,
    trainDataset: tiny.train,
    outputDir: join(folder, name),
    queryMaxLen: 24,
    passageMaxLen: 24,
    batchSize: 4,
    negNums: 2,
    lr: 1e-2,
    epochs: 1,
    threads: 1,
    logInterval: 2,
    saveOnEpochEnd: false,
    ...options,
  });

const texts = ['为什么天空是蓝色的', 'why does the heart beat', ''];
async function vectorsOf(directory: string): Promise<Float32Array[]> {
  const model = await Embedding.fromPretrained(directory);
  const vectors = await model.encode(texts);
  model.dispose();
  return vectors;
}
const distance = (a: readonly Float32Array[], b: readonly Float32Array[]): number =>
  Math.max(...a.flatMap((vector, i) => Array.from(vector, (x, at) => Math.abs(x - b[i]![at]!))));
const lora = { useLora: true, loraRank: 4, loraAlpha: 8, loraDropout: 0 } as const;

describe('a decoder', () => {
  test('learns low-rank adapters, saved alone as PEFT has them or merged, with the same vectors', async () => {
    const { run, said } = await watch('adapter', { ...lora, saveOnEpochEnd: true });
    expect(said.join('\n')).toMatch(/trained [\d,]+ of [\d,]+ parameters \(\d+\.\d+ %\)/);
    const files = await readdir(run.model);
    expect(files).toEqual(
      expect.arrayContaining([
        'adapter_config.json',
        'adapter_model.safetensors',
        '1_Pooling',
        'modules.json',
      ]),
    );
    expect(files).not.toContain('model.safetensors');
    const config = JSON.parse(await readFile(join(run.model, 'adapter_config.json'), 'utf8'));
    expect(config).toMatchObject({
      peft_type: 'LORA',
      task_type: 'FEATURE_EXTRACTION',
      base_model_name_or_path: decoder,
      r: 4,
      target_modules: ['down_proj', 'gate_proj', 'k_proj', 'o_proj', 'q_proj', 'up_proj', 'v_proj'],
      modules_to_save: null,
    });
    const merged = await watch('merged', { ...lora, saveMergedLoraModel: true });
    expect(await readdir(merged.run.model)).toContain('model.safetensors');
    expect(await readdir(merged.run.model)).not.toContain('adapter_config.json');
    const vectors = await vectorsOf(run.model);
    expect(distance(await vectorsOf(merged.run.model), vectors)).toBeLessThan(1e-6);
    expect(distance(await vectorsOf(run.checkpoints[0]!), vectors)).toBe(0);
    expect(distance(await vectorsOf(decoder), vectors)).toBeGreaterThan(1e-2);
    // What golden.json recorded is what the adapter gives with its base.
    (await Embedding.fromPretrained(run.model, { verify: true })).dispose();
  });

  test('layer by layer has the losses of the whole, and goes on from an adapter', async () => {
    const whole = await watch('whole', lora);
    const split = await watch('split', { ...lora, layerSplit: true });
    for (const [i, { loss }] of split.steps.entries()) expect(loss).toBeCloseTo(whole.steps[i]!.loss, 4);
    const again = await watch('again', { useLora: true, loraDropout: 0, fromPeft: split.run.model });
    expect(again.steps[0]!.loss).not.toBeCloseTo(split.steps[0]!.loss, 3);
    const config = JSON.parse(await readFile(join(again.run.model, 'adapter_config.json'), 'utf8'));
    expect(config).toMatchObject({ r: 4, base_model_name_or_path: decoder });
  });

  test('trains a new Dense beside adapters and frozen int4 weights, which is saved with the modules', async () => {
    const { run } = await watch('dense', { ...lora, frozenDtype: 'int4', useMrl: true, mrlDims: [4, 8] });
    const config = JSON.parse(await readFile(join(run.model, 'adapter_config.json'), 'utf8'));
    expect(config.modules_to_save).toBeNull();
    expect(await readdir(join(run.model, '2_Dense'))).toContain('model.safetensors');
    const merged = await watch('dense-merged', {
      ...lora,
      ...{ frozenDtype: 'int4', useMrl: true, mrlDims: [4, 8], saveMergedLoraModel: true },
    });
    const vectors = await vectorsOf(run.model);
    expect(vectors[0]).toHaveLength(8);
    expect(distance(await vectorsOf(merged.run.model), vectors)).toBeLessThan(1e-6);
    const fresh = await watch('dense-start', { ...lora, useMrl: true, mrlDims: [4, 8], lr: 1e-9 });
    const read = (path: string) => readFile(join(path, '2_Dense', 'model.safetensors'));
    expect(await read(run.model)).not.toEqual(await read(fresh.run.model));
  });

  test('keeps what freeze names', async () => {
    const { run, said } = await watch('frozen', {
      freeze: ['embed_tokens.*', 'layers.0.*'],
      frozenDtype: 'fp16',
    });
    expect(said.join('\n')).toMatch(/trained [\d,]+ of/);
    const weights = async (path: string) => {
      const model = await Embedding.fromPretrained(path);
      const read = await model.readWeights();
      model.dispose();
      return read;
    };
    const [before, after] = [await weights(decoder), await weights(run.model)];
    for (const [name, values] of after) {
      const isFrozen = /^(embed_tokens|layers\.0)\./.test(name);
      expect(
        values.every((x, i) => x === before.get(name)![i]),
        name,
      ).toBe(isFrozen);
    }
  });

  test('has to say how it pools where nothing does', async () => {
    const bare = join(folder, 'bare');
    await cp(decoder, bare, { recursive: true });
    await rm(join(bare, 'modules.json'));
    await expect(watch('unsaid', { modelNameOrPath: bare })).rejects.toThrow(
      /pooling: expected how the token vectors/,
    );
    const { run } = await watch('said', { modelNameOrPath: bare, pooling: 'lasttoken', ...lora });
    const model = await Embedding.fromPretrained(run.model);
    expect(model.head.pooling).toEqual(['lasttoken']);
    model.dispose();
  });
});
