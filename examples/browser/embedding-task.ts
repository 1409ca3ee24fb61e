import type { EmbeddingParts } from '@rag/embedding';
import { collateContrastive, embeddingObjective, textEncoder } from '@rag/embedding/training';
import { longestSequence } from '@rag/models';
import type { Batch, Objective } from '@rag/runtime';
import type { Tokenizer } from '@rag/text';
import { contrastivePairs, rowAsExample } from './contrastive-pairs.js';
import type { LabelledPair } from './protocol.js';
import { MAX_LENGTH, type TrainingTask } from './training-task.js';

/** Of sentence-transformers' MultipleNegativesRankingLoss (a scale of 20). */
export const TEMPERATURE = 0.05;

/**
 * An embedding model learns to tell each relevant passage from the other passages of the batch by cosine (https://arxiv.org/abs/1807.03748),
 * under the prompts that it is served with.
 * @throws RangeError as `contrastivePairs` and `embeddingObjective`
 */
export function embeddingTask(
  { config, head, settings }: EmbeddingParts,
  tokenizer: Tokenizer,
  pairs: readonly LabelledPair[],
): TrainingTask {
  const contrastive = contrastivePairs(pairs);
  const limit = settings?.max_seq_length ?? tokenizer.modelMaxLength;
  const encoder = textEncoder(tokenizer, config, Math.min(MAX_LENGTH, limit, longestSequence(config)));
  const options = { queryEncoder: encoder, passageEncoder: encoder, othersPositives: true };
  const prompts = servedPrompts(settings);
  type Texts = { readonly query: string; readonly positive: string; readonly negatives: readonly string[] };
  const prompted = <T extends Texts>(example: T): T => ({
    ...example,
    query: prompts.query + example.query,
    positive: prompts.passage + example.positive,
    negatives: example.negatives.map((text) => prompts.passage + text),
  });
  return {
    objective: withVectors(
      embeddingObjective({
        config,
        head,
        loss: { kind: 'in-batch', temperature: TEMPERATURE },
        gradCache: true,
      }),
    ),
    examples: contrastive.length,
    collate(indices, dropout) {
      const examples = indices.map((i) => prompted(contrastive.example(i, dropout)));
      return collateContrastive({ examples, indices }, { ...options, dropout }).batch;
    },
    async scores(session, row) {
      const examples = [prompted(rowAsExample(row))];
      const { batch } = collateContrastive({ examples, indices: [0] }, options);
      const { shape, data } = (await session.evaluate(batch)).outputs.vectors!;
      const width = shape[1]!;
      const vectors = (index: string) =>
        Array.from((batch as Batch)[index]!.data as BigInt64Array, (i) =>
          (data as Float32Array).subarray(Number(i) * width, (Number(i) + 1) * width),
        );
      const [query] = vectors('query_index');
      return vectors('candidate_index').map((passage) => cosine(query!, passage));
    },
  };
}

/** The objective with its cut, the texts' `vectors`, as a result of the whole graph. */
const withVectors = (objective: Objective): Objective => ({
  build(mode) {
    const { cuts, chunkCut, ...graph } = objective.build(mode);
    return { ...graph, outputs: cuts!.at(-1)! };
  },
});

/** The texts that `encodeQueries` and `encodePassages` put in front. */
function servedPrompts(settings: EmbeddingParts['settings']): { query: string; passage: string } {
  const { prompts = {}, default_prompt_name } = settings ?? {};
  const first = (names: readonly string[]): string => {
    const name = names.find((named) => Object.hasOwn(prompts, named)) ?? default_prompt_name;
    return name === undefined || name === null ? '' : prompts[name]!;
  };
  return { query: first(['query']), passage: first(['document', 'passage', 'corpus']) };
}

export function cosine(a: Float32Array, b: Float32Array): number {
  let [product, ofA, ofB] = [0, 0, 0];
  for (const [i, x] of a.entries()) {
    product += x * b[i]!;
    ofA += x * x;
    ofB += b[i]! * b[i]!;
  }
  return product / Math.sqrt(ofA * ofB);
}
