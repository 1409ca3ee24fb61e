import { readFileSync } from 'node:fs';
import { binaryCrossEntropy } from '@rag/losses';
import { type EncoderConfig, MODEL_TYPES, parseEncoderConfig } from '@rag/models';
import { type ComputeOptions, compile, TrainingSession } from '@rag/runtime';
import { describe, expect, it } from 'vitest';
import { classifierConfig } from '../classifier-config.js';
import { tinyExamples, tinyTokenizer, tinyWeights } from '../testing/tiny.js';
import { collatePointwise, pairEncoder, rerankerObjective } from './index.js';

/** The tiny model of each type that @rag/models holds against transformers, with dropout wherever it has one. */
function configOf(model_type: string): EncoderConfig {
  const file = new URL(`../../../models/src/fixtures/${model_type}/config.json`, import.meta.url);
  const json: Record<string, unknown> = JSON.parse(readFileSync(file, 'utf8'));
  for (const [key, value] of Object.entries(json))
    if (/dropout/.test(key) && typeof value === 'number') json[key] = 0.2;
  return classifierConfig(parseEncoderConfig(json));
}

const examples = tinyExamples(4);
const indices = examples.map((_, i) => i);

const planOf = (config: EncoderConfig, layerSplit: boolean) =>
  compile(rerankerObjective({ config, loss: { kind: 'pointwise', loss: binaryCrossEntropy }, layerSplit }), {
    initial: tinyWeights(config),
    optimizer: {},
  });

/** Loss, gradients by name and evaluation of one batch. */
async function learn(config: EncoderConfig, layerSplit: boolean, compute: Partial<ComputeOptions> = {}) {
  const session = await TrainingSession.create(planOf(config, layerSplit), {
    provider: 'cpu',
    threads: 1,
    ...compute,
  });
  const encoder = pairEncoder(tinyTokenizer(), config, 20);
  const dropout = { seed: 3, update: 5, inputs: await session.inputs() };
  const { batch } = collatePointwise({ examples, indices }, { encoder, dropout });
  const { sum } = await session.accumulate(batch);
  const gradients = new Map(
    session.gradients().map(({ name, data }) => [name, Float32Array.from(data as Float32Array)]),
  );
  await session.accumulate(batch);
  const twice = new Map(
    session.gradients().map(({ name, data }) => [name, Float32Array.from(data as Float32Array)]),
  );
  const evaluated = (await session.evaluate(batch)).sum;
  const scale = session.gradientScale;
  session.dispose();
  return { sum, gradients, twice, evaluated, scale };
}
type Learned = Awaited<ReturnType<typeof learn>>;

const largest = (values: Iterable<number>) => {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
};
/** The largest difference as a share of the largest gradient. */
function distance(ours: Learned['gradients'], theirs: Learned['gradients']): number {
  expect([...ours.keys()].toSorted()).toEqual([...theirs.keys()].toSorted());
  const scale = largest([...theirs.values()].map(largest));
  expect(scale).toBeGreaterThan(0);
  return (
    largest([...theirs].map(([name, values]) => largest(values.map((x, i) => x - ours.get(name)![i]!)))) /
    scale
  );
}

/** Post-norm, pre-norm with two kinds of layers, position tables that all layers share, a decoder. */
const few: readonly string[] = ['bert', 'modernbert', 'mpnet', 'deberta-v2', 'qwen3'];
const types = MODEL_TYPES.filter((type) => type !== 'albert' && (process.env.RAG_LONG || few.includes(type)));

describe.each(types)('%s, cut between its layers', (model_type) => {
  it('has the loss and the gradients of one segment', async () => {
    const config = configOf(model_type);
    const [one, many] = [await learn(config, false), await learn(config, true)];
    expect(many.sum).toBeCloseTo(one.sum, 5);
    expect(many.evaluated).toBeCloseTo(one.evaluated, 5);
    expect(distance(many.gradients, one.gradients)).toBeLessThan(1e-5);
    expect(distance(many.twice, one.twice)).toBeLessThan(1e-5);
  });
});

it.each(['fp16', 'bf16'] as const)('has them in %s', async (precision) => {
  const config = configOf('bert');
  const narrow = { precision, emulatePrecision: true, lossScaling: { initial: 64 } };
  const [one, many] = [await learn(config, false, narrow), await learn(config, true, narrow)];
  expect(distance(many.gradients, one.gradients)).toBeLessThan(precision === 'fp16' ? 2e-3 : 2e-2);
});

it('refuses an architecture whose layers are one', () => {
  expect(() => planOf(configOf('albert'), true)).toThrow('train this architecture in one segment');
});
