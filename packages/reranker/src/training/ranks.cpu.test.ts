import { binaryCrossEntropy } from '@rag/losses';
import { initializeLora, isLoraParameter, loraLayers, parseAdapterConfig } from '@rag/models';
import { compile, objectiveSpecs, partOfRank } from '@rag/runtime';
import { expectAsAlone, learnAlone, learnOnRanks, likeSgd } from '@rag/runtime/testing';
import { describe, it } from 'vitest';
import { tinyConfig, tinyExamples, tinyTokenizer, tinyWeights } from '../testing/tiny.js';
import { collatePointwise, pairEncoder, rerankerObjective } from './index.js';

const config = tinyConfig({
  ...{ num_hidden_layers: 2, hidden_dropout_prob: 0.2, attention_probs_dropout_prob: 0.1 },
});
const encoder = pairEncoder(tinyTokenizer(), config, 32);
const adapter = parseAdapterConfig({
  ...{ peft_type: 'LORA', task_type: 'SEQ_CLS', r: 2, lora_alpha: 4 },
  ...{ target_modules: 'all-linear', modules_to_save: ['classifier'] },
});
/** Rows of the micro-batches of each update: a number that ranks do not divide, and fewer rows than ranks. */
const updates = [[5, 3], [2]];

const cases = [false, true].flatMap((lora) =>
  [2, 3, 4].flatMap((ranks) =>
    (['none', 'optimizer', 'gradients', 'parameters'] as const).map((sharding) => ({
      lora,
      ranks,
      sharding,
    })),
  ),
);
const defaults = ['false 3 optimizer', 'true 3 parameters'];
const chosen = cases.filter(
  ({ lora, ranks, sharding }) =>
    process.env.RAG_LONG !== undefined || defaults.includes(`${lora} ${ranks} ${sharding}`),
);

describe('ranks train a cross-encoder as one process does, dropout included', () => {
  it.each(chosen)('$ranks ranks, with LoRA $lora, sharing $sharding', async ({ lora, ranks, sharding }) => {
    const objective = rerankerObjective({
      ...{ config, loss: { kind: 'pointwise', loss: binaryCrossEntropy } },
      layerSplit: sharding === 'gradients' || sharding === 'parameters',
      ...(lora && {
        parameters: (dropout, { first_token }) => ({ lora: loraLayers(adapter, { dropout, first_token }) }),
      }),
    });
    const weights = tinyWeights(config);
    const plan = compile(objective, {
      initial: (name, shape) =>
        isLoraParameter(name) ? initializeLora({ name, shape }, 7) : weights(name, shape),
      optimizer: likeSgd,
      ...(lora && { trainable: (name) => isLoraParameter(name) || name.startsWith('classifier') }),
    });
    const { inputs } = objectiveSpecs(objective);
    const examples = tinyExamples(16);
    const batches = (rank: number, size: number) =>
      updates.map((rows, update) =>
        rows.map((count, i) => {
          const [from, to] = partOfRank(count, { rank, ranks: size });
          if (from === to) return undefined;
          const indices = Array.from({ length: to - from }, (_, k) => 8 * update + 5 * i + from + k);
          const own = indices.map((row) => examples[row]!);
          return collatePointwise(
            { examples: own, indices },
            { encoder, dropout: { seed: 3, update, inputs } },
          ).batch;
        }),
      );
    const alone = await learnAlone(plan, batches(0, 1) as never);
    const learned = await learnOnRanks(plan, ranks, sharding, (rank) => batches(rank, ranks));
    expectAsAlone(learned, alone, 2e-6);
  });
});
