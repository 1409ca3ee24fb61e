import { binaryCrossEntropy } from '@rag/losses';
import { type ComputeOptions, compile, TrainingSession } from '@rag/runtime';
import { CrossEncoder } from '../cross-encoder.js';
import { pairEncoder } from '../pair-encoder.js';
import { collatePointwise } from '../training/collate.js';
import { rerankerObjective } from '../training/objective.js';
import { tinyConfig, tinyExamples, tinyTokenizer, tinyTokenizerFiles, tinyWeights } from './tiny.js';

/** Losses and scores of a tiny reranker that was trained 20 updates of 4 pairs on a provider. */
export async function trainTiny({ provider }: Pick<ComputeOptions, 'provider'>): Promise<{
  readonly losses: number[];
  /** Of 6 pairs, before and after. */
  readonly before: number[];
  readonly after: number[];
}> {
  const config = tinyConfig();
  const encoder = pairEncoder(tinyTokenizer(), config, 32);
  const examples = tinyExamples(24);
  const pairs = examples.slice(0, 6).map(({ query, content }) => [query, content]);
  const plan = compile(rerankerObjective({ config, loss: { kind: 'pointwise', loss: binaryCrossEntropy } }), {
    initial: tinyWeights(config),
    optimizer: { maxGradNorm: 1 },
  });
  const session = await TrainingSession.create(plan, { provider, threads: 1 });
  const score = async () => {
    await session.synchronize();
    const weights = new Map(
      session.weights().map(({ name, data }) => [name, Float32Array.from(data as Float32Array)]),
    );
    const model = await CrossEncoder.fromParts(
      { config, tokenizerFiles: tinyTokenizerFiles, weights },
      { provider, threads: 1 },
    );
    const scores = await model.computeScore(pairs);
    model.dispose();
    return scores;
  };
  const before = await score();
  const losses: number[] = [];
  for (let update = 0; update < 20; update++) {
    const indices = Array.from({ length: 4 }, (_, i) => (update * 4 + i) % examples.length);
    const { batch } = collatePointwise({ examples: indices.map((i) => examples[i]!), indices }, { encoder });
    losses.push((await session.trainStep(batch, { learningRate: 5e-3 })).loss);
  }
  const after = await score();
  session.dispose();
  return { losses, before, after };
}
