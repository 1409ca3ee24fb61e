import type { ContrastiveExample, ScoredExample } from '@rag/data';
import {
  type Batch,
  type ChunkedBatch,
  compile,
  genuineArtifacts,
  lossScale,
  Tensor,
  TrainingSession,
} from '@rag/runtime';
import { openGenuine } from '@rag/runtime/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { tinyConfig, tinySettings, tinyTexts, tinyTokenizer, tinyWeights } from '../testing/tiny.js';
import { textEncoder } from '../text-encoder.js';
import { type ContrastiveCollateOptions, collateContrastive, collateScored } from './collate.js';
import { type ColbertLoss, colbertObjective } from './objective.js';

const settings = tinySettings();
const dropping = { hidden_dropout_prob: 0.3, attention_probs_dropout_prob: 0.2 };
const at = { file: 'tiny', line: 1, row: 0 };
const inBatch: ColbertLoss = { kind: 'in-batch' };
const scored: ColbertLoss = { kind: 'scored' };

const opened: TrainingSession[] = [];
afterEach(() => {
  for (const session of opened.splice(0)) session.dispose();
});
function planOf(
  loss: ColbertLoss,
  gradCache = false,
  overrides: Record<string, unknown> = {},
  layerSplit = false,
) {
  const config = tinyConfig(overrides);
  const weights = tinyWeights(config, settings);
  return compile(colbertObjective({ config, settings, loss, gradCache, layerSplit }), {
    initial: (name) => weights.get(name)!,
    optimizer: { groupOf: () => ({ weightDecay: 0.01, rate: 1 }) },
  });
}
async function open(...plan: Parameters<typeof planOf>): Promise<TrainingSession> {
  const session = await TrainingSession.create(planOf(...plan), { provider: 'cpu', threads: 1 });
  opened.push(session);
  return session;
}
const encoder = textEncoder(tinyTokenizer(), tinyConfig(), settings);

function contrastive(count: number, negatives: number, from = 0): ContrastiveExample[] {
  const texts = tinyTexts(count * (2 + negatives), from);
  return Array.from({ length: count }, (_, i) => {
    const [query, positive, ...rest] = texts.slice(i * (2 + negatives), (i + 1) * (2 + negatives));
    return { at, query: query!, positive: positive!, negatives: rest };
  });
}
const lists: ScoredExample[] = [3, 1, 4, 2].map((size, i) => ({
  at,
  query: tinyTexts(1, i)[0]!,
  contents: tinyTexts(size, 10 * i + 5),
  scores: Array.from({ length: size }, (_, j) => Math.sin(3 * i + j) / 20),
}));
const indices = [4, 9, 2, 7, 30];

const gradientsOf = (session: TrainingSession) =>
  new Map(session.gradients().map(({ name, data }) => [name, Array.from(data as Float32Array)]));
/** The largest difference of gradients as a share of the largest gradient. */
function distance(a: TrainingSession, b: TrainingSession): number {
  const [ours, theirs] = [gradientsOf(a), gradientsOf(b)];
  const scale = Math.max(...[...theirs.values()].flat().map(Math.abs));
  expect(scale).toBeGreaterThan(1e-3);
  const differences = [...theirs].flatMap(([name, values]) =>
    values.map((value, i) => Math.abs(value - ours.get(name)![i]!)),
  );
  return Math.max(...differences) / scale;
}

/** Forgets the gradients and keeps the weights. */
async function clear(session: TrainingSession): Promise<void> {
  const pending = session.gradients().some(({ data }) => (data as Float32Array).some((x) => x !== 0));
  if (pending) await session.update({ learningRate: 0 });
}

describe('GradCache', () => {
  const kinds: [
    string,
    ColbertLoss,
    (options: ContrastiveCollateOptions) => ReturnType<typeof collateScored>,
  ][] = [
    [
      'in-batch',
      inBatch,
      (o) => collateContrastive({ examples: contrastive(5, 2), indices, repeated: 1 }, o),
    ],
    [
      'in-batch, compat',
      inBatch,
      (o) => collateContrastive({ examples: contrastive(4, 3), indices }, { ...o, compat: true }),
    ],
    [
      'pairs against all positives',
      inBatch,
      (o) => collateContrastive({ examples: contrastive(5, 0), indices }, o),
    ],
    ['scored lists', scored, (o) => collateScored({ examples: lists, indices }, o)],
  ];
  it.each(kinds)(
    '%s: chunks of any size have the gradients of the whole batch, dropout included',
    async (_, loss, collate) => {
      const [whole, cut] = [await open(loss, false, dropping), await open(loss, true, dropping)];
      const dropout = { seed: 3, update: 11, inputs: await whole.inputs() };
      const expected = await whole.accumulate(collate({ encoder, dropout }).batch);
      const counts = [];
      for (const chunkTokens of [1, 20, 64, 10_000]) {
        const { batch } = collate({ encoder, dropout, chunkTokens });
        counts.push([...(batch as ChunkedBatch).chunks].length);
        await clear(cut);
        const result = await cut.accumulate(batch);
        expect(result.sum).toBeCloseTo(expected.sum, 4);
        expect(result.weight).toBe(expected.weight);
        expect(distance(cut, whole), `${chunkTokens} tokens`).toBeLessThan(1e-5);
      }
      const layered = await open(loss, true, dropping, true);
      for (const chunks of [{}, { chunkTokens: 20 }]) {
        await clear(layered);
        const result = await layered.accumulate(collate({ encoder, dropout, ...chunks }).batch);
        expect(result.sum).toBeCloseTo(expected.sum, 4);
        expect(distance(layered, whole), 'cut between layers').toBeLessThan(1e-5);
      }
      expect(counts).toEqual(counts.toSorted((a, b) => b - a));
      expect(new Set(counts).size).toBe(4);
      expect(counts[3]).toBe(1);
      await clear(cut);
      await cut.accumulate(collate({ encoder, dropout: { ...dropout, update: 12 }, chunkTokens: 20 }).batch);
      expect(distance(cut, whole)).toBeGreaterThan(1e-2);
    },
  );
});

it('trains 20 steps as on the genuine training runtime', async () => {
  const plan = planOf(inBatch);
  const session = await TrainingSession.create(plan, { provider: 'cpu', threads: 2 });
  opened.push(session);
  const genuine = await (await openGenuine()).createSession(genuineArtifacts(plan));
  for (let step = 0; step < 20; step++) {
    const examples = contrastive(3, 2, 12 * step);
    const { batch } = collateContrastive(
      { examples, indices: [0, 1, 2] },
      { encoder, compat: step % 2 === 1 },
    );
    const scale = new Tensor('float32', [], Float32Array.of(1 / 3));
    const theirs = await genuine.trainStep({ ...(batch as Batch), [lossScale]: scale });
    await genuine.optimizerStep();
    await genuine.lazyResetGrad();
    const ours = await session.trainStep(batch, { learningRate: 1e-3 });
    expect(Math.abs(ours.loss - Number(theirs.loss!.data[0])), `step ${step}`).toBeLessThan(1e-4);
  }
  const theirs = await genuine.parameters();
  let from = 0;
  for (const { name, data } of session.weights()) {
    const ours = data as Float32Array;
    const differences = ours.map((value, i) => Math.abs(value - theirs[from + i]!));
    // Softmax does not change when all its inputs shift: a key bias has no true gradient, and Adam amplifies its noise.
    if (!name.endsWith('key.bias')) expect(Math.max(...differences), name).toBeLessThan(1e-4);
    from += ours.length;
  }
  expect(from).toBe(theirs.length);
  await genuine.dispose();
});

it('learns: a query’s positive comes to stand above the negatives', async () => {
  const session = await open(inBatch, true);
  const collate = () =>
    collateContrastive({ examples: contrastive(4, 2), indices }, { encoder, chunkTokens: 40 });
  const losses = [];
  for (let step = 0; step < 20; step++)
    losses.push((await session.trainStep(collate().batch, { learningRate: 5e-3 })).loss);
  expect(losses.at(-1)!).toBeLessThan(losses[0]! / 4);
  const { outputs } = await session.evaluate(collate().batch);
  const scores = Array.from(outputs.scores!.data as Float32Array);
  for (let q = 0; q < 4; q++) {
    const row = scores.slice(12 * q, 12 * (q + 1));
    const negatives = row.filter((_, column) => column % 3 > 0);
    expect(Math.max(...negatives)).toBeLessThan(row[3 * q]!);
  }
});

it('weighs a repeated example, and its texts, nothing', async () => {
  const session = await open(inBatch);
  const all = contrastive(3, 2);
  const collate = (repeated: number, examples: ContrastiveExample[]) =>
    collateContrastive({ examples, indices, repeated }, { encoder, othersPositives: true }).batch;
  const alone = await session.evaluate(collate(0, all.slice(0, 2)));
  const filled = await session.evaluate(collate(1, all));
  expect(filled.weight).toBe(2);
  expect(filled.sum).toBeCloseTo(alone.sum, 4);
  expect((await session.evaluate(collate(0, all))).sum).not.toBeCloseTo(alone.sum, 2);
});
