import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeModel, gather, gradients, mul, nameOf, reduceSum, trace } from '@rag/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it, test } from 'vitest';
import { architectures } from '../arch/index.js';
import { openCheckpoint } from '../checkpoint.js';
import { parseEncoderConfig } from '../config.js';
import { noDropout } from '../dropout.js';
import { encoderInputTypes } from '../encoder-inputs.js';
import { directorySource } from '../node/directory-source.js';
import { openHubOrDirectory } from '../node/open-hub-or-directory.js';
import { saveAdapter } from '../node/save-adapter.js';
import { parameterRoot } from '../parameters.js';
import { type Dense, feedsOf, type Golden, worst, worstRow } from '../testing/golden-checkpoint.js';
import { unmergeAdapter } from './adapted-tensors.js';
import { loraLayers } from './lora-layers.js';
import { type Adapter, openAdapter } from './open-adapter.js';

/** What scripts/golden/peft-lora.py writes of PEFT's own model. */
interface PeftGolden extends Pick<Golden, 'inputs'> {
  base: string;
  names: string[];
  modules: string[];
  trainable: number;
  total: number;
  parameters: Record<string, number[]>;
  output: Dense;
  gradients_of_sum: Record<string, Dense>;
  merged: Record<string, Dense>;
}

const folderOf = (name: string) => fileURLToPath(new URL(`../fixtures/${name}/`, import.meta.url));
const load = async (name: string) => {
  const folder = folderOf(`peft-${name}`);
  const golden: PeftGolden = JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8'));
  const adapter = await openAdapter(await directorySource(folder));
  const base = await openCheckpoint(await directorySource(folderOf(golden.base)));
  return { folder, golden, adapter, base };
};
/** A graph's parameter: of the adapter's file where it has one, else of the base's. */
const readOf = (adapter: Adapter, base: { read(name: string): Promise<Float32Array> }) => (name: string) => {
  const key = adapter.saved.get(name) ?? `base_model.model.${name}`;
  return adapter.tensors.has(key) ? adapter.tensors.read(key) : base.read(name);
};

describe.each(['bert', 'bert-encoder', 'qwen2'])('%s', (name) => {
  it('computes what PEFT computes: outputs, and gradients of A and B', async () => {
    const { golden, adapter, base } = await load(name);
    const config = parseEncoderConfig(base.config);
    const family = architectures[config.model_type];
    const wanted = Object.entries(golden.gradients_of_sum);
    const lora = loraLayers(adapter.config);
    const isEncoder = adapter.config.task_type === 'FEATURE_EXTRACTION';
    const graph = trace(encoderInputTypes, (inputs) => {
      const root = parameterRoot({ lora });
      const output = isEncoder
        ? family.encode(root, config, inputs, noDropout).hidden
        : family.sequenceClassification(root, config, inputs, 1, noDropout);
      const first = gather(output, inputs.first_token);
      const slopes = gradients(
        reduceSum(isEncoder ? mul(first, first) : output),
        wanted.map(([path, { shape }]) => root.get(path, shape)),
      );
      return { output, ...Object.fromEntries(slopes.map((slope, i) => [`gradient_${i}`, slope])) };
    });
    expect(
      lora.layers
        .filter(({ rank }) => rank !== undefined)
        .map((layer) => layer.name)
        .toSorted(),
    ).toEqual(golden.modules.toSorted());
    const shapes = Object.fromEntries(graph.parameters.map((value) => [nameOf(value), value.shape]));
    expect(shapes).toMatchObject(golden.parameters);
    const read = readOf(adapter, base.tensors);
    const weights = await Promise.all(
      graph.parameters.map(
        async (value) =>
          [nameOf(value), new Tensor('float32', await read(nameOf(value)), value.shape as number[])] as const,
      ),
    );
    const session = await InferenceSession.create(encodeModel(graph));
    const found = await session.run({
      ...feedsOf(golden as Golden & PeftGolden, 'packed'),
      ...Object.fromEntries(weights),
    });
    const output = found.output!.data as Float32Array;
    expect(
      isEncoder
        ? worstRow(output, golden.output, golden as Golden & PeftGolden)
        : worst(output, golden.output.data),
    ).toBeLessThan(1e-5);
    for (const [i, [, { data }]] of wanted.entries()) {
      const scale = Math.max(...data.map(Math.abs));
      expect(worst(found[`gradient_${i}`]!.data as Float32Array, data) / scale).toBeLessThan(1e-5);
    }
  });

  it('opens as its base model with the adapter merged, as PEFT merges it', async () => {
    const { folder, golden, base } = await load(name);
    const { tensors, config } = await openCheckpoint(await openHubOrDirectory(folder));
    for (const [path, { data, shape }] of Object.entries(golden.merged)) {
      expect(tensors.shape(path)).toEqual(shape);
      expect(worst(await tensors.read(path), data)).toBeLessThan(
        2e-7 * Math.max(1, ...data.map(Math.abs)) * 2,
      );
      expect(await tensors.read(path)).not.toEqual(await base.tensors.read(path));
    }
    expect(config.architectures).toEqual(base.config.architectures);
  });

  it('is written back byte for byte, and as PEFT names it', async () => {
    const { folder, golden, adapter } = await load(name);
    const names = [
      ...[...adapter.modules].flatMap(([module]) => [`${module}.lora_A.weight`, `${module}.lora_B.weight`]),
      ...adapter.saved.keys(),
    ];
    const read = readOf(adapter, adapter.tensors);
    const trained = await Promise.all(
      names.map(async (parameter) => {
        const key = adapter.saved.get(parameter) ?? `base_model.model.${parameter}`;
        return { name: parameter, shape: adapter.tensors.shape(key), data: await read(parameter) };
      }),
    );
    const directory = await mkdtemp(join(tmpdir(), 'adapter-'));
    try {
      await saveAdapter(directory, adapter.config, trained);
      const again = await openAdapter(await directorySource(directory));
      expect(again.config).toEqual(adapter.config);
      expect(again.tensors.names.toSorted()).toEqual(golden.names);
      if (adapter.file.endsWith('.safetensors'))
        expect(readFileSync(join(directory, adapter.file))).toEqual(readFileSync(join(folder, adapter.file)));
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

test('an adapter comes out again: W within a rounding', async () => {
  const { adapter, base, golden } = await load('bert-encoder');
  const merged = await openCheckpoint(await openHubOrDirectory(folderOf('peft-bert-encoder')));
  const plain = unmergeAdapter(merged.tensors, adapter);
  for (const path of Object.keys(golden.merged)) {
    const [ours, theirs, between] = [
      await plain.read(path),
      await base.tensors.read(path),
      await merged.tensors.read(path),
    ];
    for (const [i, value] of ours.entries())
      expect(Math.abs(value - theirs[i]!)).toBeLessThanOrEqual(
        2 ** -23 * Math.max(Math.abs(between[i]!), Math.abs(theirs[i]!)),
      );
  }
  const { adapter: headed, base: other } = await load('bert');
  expect(() => unmergeAdapter(other.tensors, headed)).toThrow(
    'expected an adapter of low-rank matrices alone',
  );
});
