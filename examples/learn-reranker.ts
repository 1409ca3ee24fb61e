import { classifierConfig, classifierParameters } from '@rag/reranker/training';
import { train } from '@rag/train/node';
import { heldOutFile, trainFile } from './example-run.js';
import { saveFreshBert, smallBert } from './fresh-bert.js';
import { readRows, writeRows } from './json-lines.js';
import { inverseCloze, type Row } from './warm-up-rows.js';

/** Of the full run; the tests take a little. */
export interface RerankerToLearn {
  readonly seed: number;
  readonly share: number;
  /** A directory that is there. */
  readonly output: string;
}

/** Settings of every run of a reranker. */
export const rerankerSettings = (seed: number) =>
  ({ task: 'reranker', maxLen: 192, seed, saveOnEpochEnd: false }) as const;

/** Trains a cross-encoder of width 64 from nothing: warm-up, then the labelled rows. */
export async function learnReranker({ seed, share, output }: RerankerToLearn) {
  const rows = readRows<Row>(trainFile);
  const { vocabulary, config: encoder } = smallBert(
    rows.flatMap(({ query, pos }) => [query, ...pos]),
    {
      hidden_size: 64,
      intermediate_size: 256,
      num_hidden_layers: 2,
      max_position_embeddings: 192,
      initializer_range: 0.1,
    },
    { size: 2500, minFrequency: 2 },
  );
  const config = classifierConfig(encoder);
  await saveFreshBert(`${output}/base`, { vocabulary, config }, classifierParameters(config), seed);
  // Rows made of the training passages themselves teach the fresh model to compare words.
  const cloze = inverseCloze(rows, {
    count: Math.ceil(14_400 * share),
    negatives: 3,
    shortest: 16,
    longest: 64,
    seed,
  });
  writeRows(`${output}/warm-up.jsonl`, cloze);
  const common = { ...rerankerSettings(seed), lossType: 'group_softmax', valDataset: heldOutFile } as const;
  const warmUp = await train({
    ...common,
    modelNameOrPath: `${output}/base`,
    trainDataset: `${output}/warm-up.jsonl`,
    trainGroupSize: 4,
    batchSize: 24,
    epochs: 1,
    lr: 1e-3,
    logInterval: 50,
    outputDir: `${output}/warm-up`,
  });
  const run = await train({
    ...common,
    modelNameOrPath: warmUp.model,
    trainDataset: trainFile,
    trainGroupSize: 8,
    batchSize: 8,
    epochs: share < 1 ? 1 : 4,
    lr: 5e-4,
    outputDir: output,
  });
  return { warmUp, run };
}
