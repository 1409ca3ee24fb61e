import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { add, type Graph, gather, gemm, graphOf, input, linear, nameOf, parameter, trace } from '@rag/onnx';
import { type HostTensor, openModel } from '@rag/onnx/testing';
import { describe, expect, it, test } from 'vitest';
import { architectures } from '../arch/index.js';
import { openCheckpoint } from '../checkpoint.js';
import { parseEncoderConfig } from '../config.js';
import { noDropout } from '../dropout.js';
import { encoderInputTypes } from '../encoder-inputs.js';
import { modelWithWeights, parametersOf, type WeightSource } from '../model-with-weights.js';
import { openHubOrDirectory } from '../node/open-hub-or-directory.js';
import { parameterRoot } from '../parameters.js';
import { type Dense, feedsOf, type Golden, worst, worstRow } from '../testing/golden-checkpoint.js';
import { weightsWithin } from '../testing/write-adapter.js';
import { heldInMemory, weightsOfCheckpoint } from '../weights.js';
import { adaptedGraph } from './adapted-graph.js';
import { addLowRank, type LowRank } from './low-rank.js';

const [ROWS, COLUMNS] = [5, 3];
const wave = (length: number, phase: number) =>
  Float32Array.from({ length }, (_, i) => Math.sin(3 * i + phase));
const lowRank = (rank: number, scaling: number): LowRank => ({
  left: wave(ROWS * rank, rank),
  right: wave(rank * COLUMNS, rank + 1),
  rank,
  scaling,
});
const weight = parameter('table.weight', [ROWS, COLUMNS]);
const x = input('x', 'float32', ['rows', COLUMNS]);
const wide = input('wide', 'float32', ['rows', ROWS]);
const ids = input('ids', 'int64', ['batch', 'seq']);
const bias = parameter('table.bias', [ROWS]);
const product = linear(x, weight, bias);
const rows = gather(weight, ids);
const transposed = gemm(wide, weight);

async function run({ graph, factors }: ReturnType<typeof adaptedGraph>, table: Float32Array) {
  const held = new Map<string, WeightSource>(
    Object.entries({ 'table.weight': { data: table }, 'table.bias': { data: wave(ROWS, 9) } }),
  );
  for (const [name, data] of factors) held.set(name, { data });
  const session = await openModel(modelWithWeights(graph, held));
  const all: Record<string, HostTensor> = {
    x: { dtype: 'float32', shape: [2, COLUMNS], data: wave(2 * COLUMNS, 5) },
    wide: { dtype: 'float32', shape: [2, ROWS], data: wave(2 * ROWS, 6) },
    ids: { dtype: 'int64', shape: [1, 3], data: BigInt64Array.of(4n, 0n, 4n) },
  };
  const feeds = Object.fromEntries(graph.inputs.map((value) => [nameOf(value), all[nameOf(value)]!]));
  const outputs = await session.run(feeds);
  session.close();
  return outputs;
}

describe('computes what the sum of a weight and its adapters gives', () => {
  it.each<[string, Graph, sums: number]>([
    ['a linear layer', graphOf([x], { product }), 0],
    ['rows of a table', graphOf([ids], { rows }), 0],
    ['both', graphOf([x, ids], { product, rows }), 0],
    ['another product, which reads the sum', graphOf([x, wide], { product, transposed }), 1],
    ['a sum with the weight itself', graphOf([x], { product, sum: add(weight, 1) }), 1],
  ])('%s', async (_, graph, sums) => {
    const adapters = [lowRank(2, 0.5), lowRank(1, -2)];
    const adapted = adaptedGraph(graph, (name) => (name === 'table.weight' ? adapters : []));
    expect([...adapted.factors.keys()]).toEqual([
      'table.lora_B.0.weight',
      'table.lora_A.0.weight',
      'table.lora_B.1.weight',
      'table.lora_A.1.weight',
    ]);
    const made = adapted.graph.nodes.filter(
      ({ outputs }) => outputs[0]!.shape.join() === `${ROWS},${COLUMNS}`,
    );
    expect(made.filter(({ op }) => op.opType === 'Gemm')).toHaveLength(2 * sums);
    const table = wave(ROWS * COLUMNS, 1);
    const merged = table.slice();
    for (const adapter of adapters) addLowRank(merged, COLUMNS, adapter);
    const found = await run(adapted, table);
    const expected = await run({ graph, factors: new Map() }, merged);
    expect(Object.keys(found)).toEqual(Object.keys(expected));
    for (const [name, { data }] of Object.entries(expected))
      expect(worst(found[name]!.data as Float32Array, data as Float32Array)).toBeLessThan(1e-5);
  });

  test('without adapters the graph is the same', () => {
    const graph = graphOf([x], { product });
    expect(adaptedGraph(graph, () => []).graph).toBe(graph);
  });
});

interface PeftGolden extends Pick<Golden, 'inputs'> {
  readonly modules: readonly string[];
  readonly output: Dense;
}

test.each(['bert', 'bert-encoder', 'qwen2'])(
  'an adapter over %s is served from its base model’s file, and gives what PEFT gives',
  async (name) => {
    const folder = fileURLToPath(new URL(`../fixtures/peft-${name}/`, import.meta.url));
    const golden: PeftGolden & Golden = JSON.parse(readFileSync(`${folder}golden.json`, 'utf8'));
    const checkpoint = await openCheckpoint(await openHubOrDirectory(folder));
    const config = parseEncoderConfig(checkpoint.config);
    const family = architectures[config.model_type];
    const isEncoder = name === 'bert-encoder';
    const graph = trace(encoderInputTypes, (inputs) => ({
      output: isEncoder
        ? family.encode(parameterRoot(), config, inputs, noDropout).hidden
        : family.sequenceClassification(parameterRoot(), config, inputs, 1, noDropout),
    }));
    const { sources, folder: base } = await weightsOfCheckpoint(checkpoint, config, parametersOf(graph), {});
    const adapted = [...sources].flatMap(([key, source]) =>
      'file' in source && source.adapters ? [key.replace(/\.weight$/, '')] : [],
    );
    expect(adapted.toSorted()).toEqual(golden.modules.toSorted());
    const model = modelWithWeights(graph, sources);
    // All that the model itself holds are A and B; what the adapter saved whole lies in its file.
    expect([...sources.values()].every((source) => 'file' in source)).toBe(true);
    const factors = golden.modules.flatMap((module) => [
      `${module}.lora_A.0.weight`,
      `${module}.lora_B.0.weight`,
    ]);
    expect(weightsWithin(model)).toEqual(factors.toSorted());
    const session = await openModel(model, { externalDataFolder: base! });
    const feeds = Object.entries(feedsOf(golden, 'packed')).map(
      ([key, { type, dims, data }]) => [key, { dtype: type, shape: dims, data } as HostTensor] as const,
    );
    const { output } = await session.run(Object.fromEntries(feeds));
    session.close();
    const data = output!.data as Float32Array;
    // A session that reads no files gets the merged weights, as it gets any in memory.
    const merged = await weightsOfCheckpoint(heldInMemory(checkpoint), config, parametersOf(graph), {});
    expect([...merged.sources.values()].every((source) => 'data' in source)).toBe(true);
    expect(merged.sources.get(`${golden.modules[0]}.weight`)).toEqual({
      data: await checkpoint.tensors.read(`${golden.modules[0]}.weight`),
    });
    expect(isEncoder ? worstRow(data, golden.output, golden) : worst(data, golden.output.data)).toBeLessThan(
      1e-5,
    );
  },
);
