import { embeddingParameters } from '@rag/embedding/training';
import { train } from '@rag/train/node';
import { type ExampleRun, heldOutFile, trainFile } from './example-run.js';
import { type BertSizes, saveFreshBert, smallBert } from './fresh-bert.js';
import { readRows, writeRows } from './json-lines.js';
import { inverseCloze, type Row } from './warm-up-rows.js';

/** What a small embedding model has in common, whoever it learns from. */
export const pooled = { pooling: ['mean'], dense: [], normalize: false } as const;

/** One layer: vectors that are means of words' vectors need width more than depth. */
export const embeddingSizes = (hidden_size: number): BertSizes => ({
  hidden_size,
  intermediate_size: hidden_size,
  num_hidden_layers: 1,
  max_position_embeddings: 192,
  initializer_range: 0.02,
});

type Run = Awaited<ReturnType<typeof train<'embedding'>>>;

/**
 * An embedding model from nothing, in the run's directory: fresh weights (`base`), warm-up on rows made of the training
 * passages (`warm-up`), fine-tuning on the labelled rows (`model`).
 * @returns both training runs, with what they found on held-out topics
 */
export async function learnEmbedding({
  seed,
  share,
  output,
}: Pick<ExampleRun, 'seed' | 'share' | 'output'>): Promise<{ readonly warmUp: Run; readonly run: Run }> {
  const rows = readRows<Row>(trainFile);
  const bert = smallBert(
    rows.flatMap(({ query, pos }) => [query, ...pos]),
    embeddingSizes(256),
    { size: 2500, minFrequency: 1 },
  );
  await saveFreshBert(`${output}/base`, bert, embeddingParameters(bert.config, pooled), seed);

  const common = {
    task: 'embedding',
    valDataset: heldOutFile,
    queryMaxLen: 64,
    passageMaxLen: 160,
    temperature: 0.1,
    gradCache: false,
    seed,
    saveOnEpochEnd: false,
  } as const;
  // Pairs: the other passages of the batch are what a query is told apart from.
  const count = Math.ceil(6400 * share);
  const cloze = inverseCloze(rows, { count, negatives: 0, shortest: 16, longest: 64, seed });
  writeRows(
    `${output}/warm-up.jsonl`,
    [...cloze].map(({ query, pos }) => ({ query, pos })),
  );
  const warmUp = await train({
    ...common,
    modelNameOrPath: `${output}/base`,
    trainDataset: `${output}/warm-up.jsonl`,
    batchSize: 64,
    epochs: 1,
    lr: 5e-4,
    outputDir: `${output}/warm-up`,
  });
  const run = await train({
    ...common,
    modelNameOrPath: warmUp.model,
    trainDataset: trainFile,
    negNums: 1,
    othersPositives: true,
    batchSize: 32,
    epochs: Math.max(1, Math.round(4 * share)),
    lr: 3e-4,
    outputDir: output,
  });
  return { warmUp, run };
}
