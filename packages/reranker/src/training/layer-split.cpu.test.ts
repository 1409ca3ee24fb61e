import { readFileSync } from 'node:fs';
import { binaryCrossEntropy, groupSoftmax } from '@rag/losses';
import { type EncoderConfig, MODEL_TYPES, parseEncoderConfig } from '@rag/models';
import { type ComputeOptions, compile, planMemory, TrainingSession } from '@rag/runtime';
import { describe, expect, it } from 'vitest';
import { headLayers, layerwiseScores } from '../answer-scores.js';
import { classifierConfig } from '../classifier-config.js';
import { tinyExamples, tinyTokenizer, tinyWeights } from '../testing/tiny.js';
import {
  type CollateOptions,
  collateGroups,
  collatePointwise,
  pairEncoder,
  type RerankerObjectiveOptions,
  rerankerObjective,
} from './index.js';

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

type Task = Pick<RerankerObjectiveOptions, 'loss' | 'scores'>;
const pointwise: Task = { loss: { kind: 'pointwise', loss: binaryCrossEntropy } };

const planOf = (config: EncoderConfig, layerSplit: boolean, task: Task = pointwise) =>
  compile(rerankerObjective({ config, ...task, layerSplit }), {
    initial: tinyWeights(config),
    optimizer: {},
  });

/** The pairs of the examples, or the first half of them against the second. */
function batchOf({ loss }: Task, options: CollateOptions) {
  if (loss.kind === 'pointwise') return collatePointwise({ examples, indices }, options).batch;
  const groups = [examples.slice(0, 2), examples.slice(2)].map((rows) => ({
    at: rows[0]!.at,
    query: rows[0]!.query,
    contents: rows.map(({ content }) => content),
    labels: [1, 0],
  }));
  return collateGroups({ examples: groups, indices: [0, 1] }, options).batch;
}

/** Loss, gradients by name and evaluation of one batch. */
async function learn(
  config: EncoderConfig,
  layerSplit: boolean,
  compute: Partial<ComputeOptions> = {},
  task: Task = pointwise,
) {
  const session = await TrainingSession.create(planOf(config, layerSplit, task), {
    provider: 'cpu',
    threads: 1,
    ...compute,
  });
  const encoder = pairEncoder(tinyTokenizer(), config, 20);
  const dropout = { seed: 3, update: 5, inputs: await session.inputs() };
  const batch = batchOf(task, { encoder, dropout });
  const { sum } = await session.accumulate(batch);
  const gradients = new Map(
    session.gradients().map(({ name, data }) => [name, Float32Array.from(data as Float32Array)]),
  );
  await session.accumulate(batch);
  const twice = new Map(
    session.gradients().map(({ name, data }) => [name, Float32Array.from(data as Float32Array)]),
  );
  const { sum: evaluated, outputs } = await session.evaluate(batch);
  const logits = Array.from(outputs.logits!.data as Float32Array);
  const scale = session.gradientScale;
  session.dispose();
  return { sum, gradients, twice, evaluated, logits, scale };
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

describe('a layer-wise reranker, cut between its layers', () => {
  const config = { ...configOf('minicpm_layerwise'), num_hidden_layers: 5, start_layer: 2 } as EncoderConfig;
  const task: Task = {
    loss: { kind: 'group', loss: groupSoftmax, selfTaught: true },
    scores: layerwiseScores(config)!(headLayers(config)),
  };

  it.each(process.env.RAG_LONG ? [true, false] : [true])(
    'has the loss and the gradients of one segment, heads of their own: %s',
    async (head_multi) => {
      const heads = { ...config, head_multi } as EncoderConfig;
      const own = { ...task, scores: layerwiseScores(heads)!(headLayers(heads)) };
      const [one, many] = [await learn(heads, false, {}, own), await learn(heads, true, {}, own)];
      expect(many.sum).toBeCloseTo(one.sum, 5);
      expect(many.evaluated).toBeCloseTo(one.evaluated, 5);
      expect(many.logits).toEqual(one.logits);
      expect(distance(many.gradients, one.gradients)).toBeLessThan(1e-5);
      expect(distance(many.twice, one.twice)).toBeLessThan(1e-5);
    },
  );

  it('computes each score beside its layer, by graphs that layers share, and plans what it holds', () => {
    const plan = planOf(config, true, task);
    expect(plan.segments.map(({ yields }) => yields.join(' '))).toEqual([
      'hidden_states.0',
      'hidden_states.1',
      'hidden_states.2 exits.2',
      'hidden_states.3 exits.3',
      'hidden_states.4 exits.4',
      'hidden_states.5',
      '',
    ]);
    expect(plan.segments.at(-1)!.takes).toEqual(['exits.2', 'exits.3', 'exits.4', 'hidden_states.5']);
    // Embeddings, layers without a head, layers with one, the last score and the loss.
    expect(new Set(plan.segments.map(({ evalModel }) => evalModel)).size).toBe(4);
    const encoder = pairEncoder(tinyTokenizer(), config, 20);
    const batch = batchOf(task, { encoder });
    const [tokens, rows] = [batch.input_ids!.shape[0]!, batch.first_token!.shape[0]!];
    const { boundaries } = planMemory(plan, batch, { provider: 'cpu', threads: 1 });
    expect(boundaries).toBe(4 * (6 * tokens * 16 + 3 * rows + tokens * 16));
  });
});
