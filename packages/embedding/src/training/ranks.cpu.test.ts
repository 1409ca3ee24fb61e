import { compile, objectiveSpecs, type Sharding } from '@rag/runtime';
import { expectAsAlone, learnAlone, learnOnRanks, likeSgd } from '@rag/runtime/testing';
import { describe, it } from 'vitest';
import { tinyWeights } from '../testing/tiny.js';
import { embeddingObjective } from './index.js';
import { bareHead, droppingConfig, passageEncoder, queryEncoder } from './testing/examples.js';
import { lossCases } from './testing/loss-cases.js';

const config = droppingConfig();
const cases = Object.entries(lossCases).flatMap(([name, losses]) =>
  [2, 3, 4].flatMap((ranks) =>
    ([undefined, 20] as const).flatMap((chunkTokens) =>
      (['none', 'parameters'] as const).map((sharding) => ({ name, losses, ranks, chunkTokens, sharding })),
    ),
  ),
);
const defaults = ['in-batch softmax over triplets 3 undefined none', 'CoSENT 2 20 parameters'];
const chosen = cases.filter(
  ({ name, ranks, chunkTokens, sharding }) =>
    process.env.RAG_LONG !== undefined || defaults.includes(`${name} ${ranks} ${chunkTokens} ${sharding}`),
);

describe('vectors gathered over ranks give what one batch gives, dropout included', () => {
  it.each(chosen)('$name: $ranks ranks, chunks of $chunkTokens tokens, sharing $sharding', async (one) => {
    const { ranks, chunkTokens } = one;
    const { loss, head = bareHead, collate } = one.losses;
    const sharding: Sharding = one.sharding;
    const objective = embeddingObjective({
      ...{ config, head, loss, gradCache: true },
      layerSplit: sharding === 'parameters',
    });
    const plan = compile(objective, { initial: tinyWeights(config), optimizer: likeSgd });
    const { inputs } = objectiveSpecs(objective);
    const options = (update: number) => ({
      ...{ queryEncoder, passageEncoder, dropout: { seed: 5, update, inputs } },
      ...(chunkTokens !== undefined && { chunkTokens }),
    });
    const updates = [0, 1];
    const alone = await learnAlone(
      plan,
      updates.map((update) => [collate(options(update)).batch]),
    );
    const learned = await learnOnRanks(plan, ranks, sharding, (rank) =>
      updates.map((update) => [collate({ ...options(update), gather: { rank, ranks } }).batch]),
    );
    expectAsAlone(learned, alone, 2e-6);
  });
});
