import type { ContrastiveExample, ScoredExample } from '@rag/data';
import {
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
function planOf(loss: ColbertLoss, gradCache = false, overrides: Record<string, unknown> = {}) {
  const config = tinyConfig(overrides);
  const weights = tinyWeights(config, settings);
  return compile(colbertObjective({ config, settings, loss, gradCache }), {
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
      (o) => collateContrastive({ examples: contrastive(5, 0), indices }, { ...o, othersPositives: true }),
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
      expect(counts).toEqual(counts.toSorted((a, b) => b - a));
      expect(new Set(counts).size).toBe(4);
      expect(counts[3]).toBe(1);
      await clear(cut);
      await cut.accumulate(collate({ encoder, dropout: { ...dropout, update: 12 }, chunkTokens: 20 }).batch);
      expect(distance(cut, whole)).toBeGreaterThan(1e-2);
    },
  );
});
