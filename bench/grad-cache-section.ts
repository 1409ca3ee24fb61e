import type { CachedShape, CachedStep } from './compare-grad-cache.js';
import { number, table } from './markdown.js';

/** What `compareGradCache` found so far, in markdown. */
export const gradCacheSection = (steps: readonly CachedStep[], shape: CachedShape): string[] => [
  `Forward, backward and AdamW of a contrastive step of an embedding model, its texts encoded at once or by chunks (GradCache): each query with ${shape.passages} passages, every text of ${shape.tokens} tokens; hidden ${shape.hidden}, ${shape.heads} heads, feed-forward ${shape.feedForward}, ${shape.layers} layers, dropout ${shape.dropout}. Peak resident memory of the process, beside what it held before its first step. At once it grows with the batch, by chunks with the chunk; the gradients are the same, which a test checks.`,
  stepTable(steps, shape),
];

function stepTable(steps: readonly CachedStep[], { passages, tokens }: CachedShape): string {
  const head = ['queries', 'texts', 'tokens', 'encoded', 'peak MiB', 'of it for the step', 'seconds'];
  const rows = steps.map((step) => {
    const texts = step.queries * (1 + passages);
    return [
      number(step.queries),
      number(texts),
      number(texts * tokens),
      step.chunkTokens === undefined ? 'at once' : `by ${step.chunkTokens} tokens`,
      number(step.peakRssMb),
      number(step.peakRssMb - step.rssBeforeMb),
      number(step.ms / 1000, 1),
    ];
  });
  return table(head, rows);
}
