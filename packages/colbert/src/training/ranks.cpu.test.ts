import type { ContrastiveExample, ScoredExample } from '@rag/data';
import { initializeParameters } from '@rag/models';
import { compile, objectiveSpecs, type Sharding } from '@rag/runtime';
import { expectAsAlone, learnAlone, learnOnRanks, likeSgd } from '@rag/runtime/testing';
import { describe, it } from 'vitest';
import { tinyConfig, tinySettings, tinyTexts, tinyTokenizer, tinyWeights } from '../testing/tiny.js';
import { textEncoder } from '../text-encoder.js';
import { type CollateOptions, collateContrastive, collateScored } from './collate.js';
import { type ColbertLoss, colbertObjective } from './objective.js';
import { sparseParameters } from './unified-head.js';

const settings = tinySettings();
const config = tinyConfig({ hidden_dropout_prob: 0.3, attention_probs_dropout_prob: 0.2 });
const weights = new Map([
  ...tinyWeights(config, settings),
  ...initializeParameters(sparseParameters(config.hidden_size), config, 3),
]);
const encoder = textEncoder(tinyTokenizer(), config, settings);
const at = { file: 'tiny', line: 1, row: 0 };
const indices = [4, 9, 2, 7, 30];

const triplets: ContrastiveExample[] = Array.from({ length: 5 }, (_, i) => {
  const [query, positive, ...negatives] = tinyTexts(4, 4 * i);
  return { at, query: query!, positive: positive!, negatives };
});
const lists: ScoredExample[] = [3, 1, 4, 2].map((size, i) => ({
  at,
  query: tinyTexts(1, i)[0]!,
  contents: tinyTexts(size, 10 * i + 5),
  scores: Array.from({ length: size }, (_, j) => Math.sin(3 * i + j) / 20),
}));
const kinds: Record<ColbertLoss['kind'], (options: CollateOptions) => ReturnType<typeof collateScored>> = {
  'in-batch': (options) => collateContrastive({ examples: triplets, indices, repeated: 1 }, options),
  unified: (options) =>
    collateContrastive(
      { examples: triplets, indices, repeated: 1 },
      { ...options, unified: { ignored: new Set([0, 1, 2, 3]), selfDistill: true } },
    ),
  scored: (options) => collateScored({ examples: lists, indices }, options),
};

const cases = (['in-batch', 'unified', 'scored'] as const).flatMap((kind) =>
  [2, 3, 4].flatMap((ranks) =>
    ([undefined, 24] as const).flatMap((chunkTokens) =>
      (['none', 'gradients'] as const).map((sharding) => ({ kind, ranks, chunkTokens, sharding })),
    ),
  ),
);
const chosen = cases.filter(
  ({ kind, ranks, chunkTokens, sharding }) =>
    process.env.RAG_LONG !== undefined ||
    `${kind} ${ranks} ${chunkTokens} ${sharding}` === 'in-batch 3 24 none',
);

describe('token vectors gathered over ranks give what one batch gives, dropout included', () => {
  it.each(chosen)('$kind: $ranks ranks, chunks of $chunkTokens tokens, sharing $sharding', async (one) => {
    const { kind, ranks, chunkTokens } = one;
    const sharding: Sharding = one.sharding;
    const loss: ColbertLoss = kind === 'unified' ? { kind, selfDistill: true } : { kind };
    const objective = colbertObjective({ config, settings, loss, gradCache: true });
    const plan = compile(objective, { initial: (name) => weights.get(name)!, optimizer: likeSgd });
    const { inputs } = objectiveSpecs(objective);
    const options = (update: number) => ({
      ...{ encoder, dropout: { seed: 5, update, inputs } },
      ...(chunkTokens !== undefined && { chunkTokens }),
    });
    const updates = [0, 1];
    const alone = await learnAlone(
      plan,
      updates.map((update) => [kinds[kind](options(update)).batch]),
    );
    const learned = await learnOnRanks(plan, ranks, sharding, (rank) =>
      updates.map((update) => [kinds[kind]({ ...options(update), gather: { rank, ranks } }).batch]),
    );
    expectAsAlone(learned, alone, 2e-6);
  });
});
