import type { EmbeddingOptions, EmbeddingRun, Padding } from './compare-embedding.js';
import { number, percent, ratio, table, times } from './markdown.js';

type Recipe = Pick<EmbeddingOptions, 'shape' | 'batchSize' | 'negatives' | 'dropout'>;

/** What `compareEmbedding` found so far, in markdown. */
export function embeddingSection(runs: readonly EmbeddingRun[], recipe: Recipe): string[] {
  const [first] = runs;
  if (!first) return ['Nothing measured.'];
  const { batchSize, negatives, shape, dropout } = recipe;
  const size = `${first.batches} batches of ${batchSize} queries, each with its positive and ${negatives} negatives: ${first.texts} texts, ${first.realTokens} tokens`;
  return [
    `The originals’ embedding recipe on rows of T2Ranking: mean pooling, softmax over the own positive and all negatives of the batch at temperature 0.02, AdamW, dropout ${dropout}; hidden, heads, feed-forward, layers ${shape.replaceAll(',', ', ')}. ${size}. The originals pad queries to 128 and passages to 512 tokens; the same texts are also padded to the longest of their batch, each side for itself. One run each, in a process of its own, after one batch that is not measured.`,
    runTable(runs),
    ...speedups(runs),
    ...(batchSize * (2 + negatives) < 32 * 17
      ? [
          `The originals draw 15 negatives for each query. 32 such queries are 544 texts, about ${Math.round(((first.realTokens / first.texts) * 544) / 1000)} thousand tokens: at once they would take ${Math.round((544 * first.batches) / first.texts)} times what a batch here adds to the memory of either side, so both are given a batch that fits.`,
        ]
      : []),
    'Real tokens per second: padding, filler and the second forward of a chunk are not counted. Filler is padding or what fills a packed batch: a share of the rows that linear layers compute, and of the cells (texts × longest) that attention does. The losses are those of one run’s first and last batch: same texts, other initial weights and dropout.',
  ];
}

function runTable(runs: readonly EmbeddingRun[]): string {
  const own = runs[0]?.realTokensPerSecond;
  const head = [
    '',
    'padding',
    'real tokens/s',
    'ours at once ÷ it',
    'filler rows',
    'filler cells of attention',
    'peak MiB',
    'seconds',
    'first loss',
    'last loss',
  ];
  const rows = runs.map((run) => [
    run.by,
    run.padding,
    number(run.realTokensPerSecond),
    times(ratio(own, run.realTokensPerSecond)),
    percent(run.fillerShare),
    percent(run.attentionFillerShare),
    number(run.peakRssMb),
    number(run.seconds, 1),
    number(run.firstLoss, 2),
    number(run.lastLoss, 2),
  ]);
  return table(head, rows);
}

function speedups(runs: readonly EmbeddingRun[]): string[] {
  const own = runs[0]?.realTokensPerSecond;
  const fastest = (padding: Padding, precision: 'fp32' | 'bf16') => {
    const rates = runs
      .filter((run) => run.padding === padding && run.by.includes(precision))
      .map((run) => run.realTokensPerSecond);
    return rates.length > 0 ? Math.max(...rates) : undefined;
  };
  return (['128 / 512', 'longest of the batch'] as const).flatMap((padding) => {
    const fp32 = fastest(padding, 'fp32');
    const bf16 = fastest(padding, 'bf16');
    if (fp32 === undefined && bf16 === undefined) return [];
    return [
      `Ours at once beside PyTorch padded to ${padding === '128 / 512' ? padding : `the ${padding}`}: ${times(ratio(own, fp32))} its fastest fp32, ${times(ratio(own, bf16))} its bf16.`,
    ];
  });
}
