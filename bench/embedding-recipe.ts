/**
 * Trains an embedding model as the original's recipe does, over rows of real lengths, packed, through our session.
 *
 * Usage: npx tsx --conditions=@rag/source embedding-recipe.ts DATA.jsonl TOKENIZER_DIRECTORY [--batch-size 4] [--neg-nums 5]
 *   [--batches N] [--chunk-tokens N] [--query-length 128] [--passage-length 512] [--temperature 0.02] [--dropout 0.1]
 *   [--shape H,A,F,LAYERS] [--threads N] [--write-ids FILE.json]
 * DATA holds rows {query, pos, neg}; every positive is an example with `neg-nums` negatives of its row. Mean pooling, softmax
 * over the own positive and all negatives of the batch, AdamW, one update per batch. With `--chunk-tokens` the texts are
 * encoded by chunks of so many tokens (GradCache), without it all at once. `--batches N` takes N batches at equal distances
 * of the epoch, which is in random order. `--write-ids` writes what the PyTorch peer needs to train on the same texts in the
 * same order, and trains nothing. Prints one JSON line; tokens are real ones: neither padding nor filler is counted, nor the
 * second forward of a chunk. Tokenizing is not in the time, packing is; the longest batch is computed once before the clock
 * starts. 32 queries with 15 negatives, the original's number, fit only by chunks.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { EmbeddingHead } from '@rag/embedding';
import {
  type CollatedBatch,
  collateContrastive,
  embeddingObjective,
  textEncoder,
} from '@rag/embedding/training';
import { initializeParameter } from '@rag/models';
import { type Batch, type ChunkedBatch, compile, TrainingSession } from '@rag/runtime';
import { type ContrastiveBatch, contrastiveBatches, remembering } from './contrastive-batches.js';
import { encoderConfig, parseStepShape } from './encoder-plan.js';
import { peakRssMb } from './measure.js';
import { openTokenizer } from './token-batches.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'batch-size': { type: 'string', default: '4' },
    'neg-nums': { type: 'string', default: '5' },
    batches: { type: 'string' },
    'chunk-tokens': { type: 'string' },
    'query-length': { type: 'string', default: '128' },
    'passage-length': { type: 'string', default: '512' },
    temperature: { type: 'string', default: '0.02' },
    dropout: { type: 'string', default: '0.1' },
    shape: { type: 'string', default: '768,12,3072,4' },
    threads: { type: 'string', default: '2' },
    'write-ids': { type: 'string' },
  },
});
const [data, directory] = positionals;
if (data === undefined || directory === undefined)
  throw new RangeError(
    'embedding-recipe: expected DATA.jsonl and TOKENIZER_DIRECTORY, got too few arguments',
  );
const whole = (name: string, text: string, least = 1): number => {
  const number = Number(text);
  if (text.trim() === '' || !Number.isInteger(number) || number < least)
    throw new RangeError(`--${name}: expected a whole number from ${least}, got "${text}"`);
  return number;
};
const optional = (name: string, text: string | undefined): number | undefined =>
  text === undefined ? undefined : whole(name, text);
const batchSize = whole('batch-size', values['batch-size']);
const negatives = whole('neg-nums', values['neg-nums']);
const queryLength = whole('query-length', values['query-length']);
const passageLength = whole('passage-length', values['passage-length']);
const chunkTokens = optional('chunk-tokens', values['chunk-tokens']);
const [dropout, temperature] = [Number(values.dropout), Number(values.temperature)];
const shape = parseStepShape(`${batchSize},${Math.max(queryLength, passageLength)},${values.shape}`);

const tokenizer = openTokenizer(directory);
const config = encoderConfig(shape, dropout, tokenizer.vocabSize);
const queryEncoder = remembering(textEncoder(tokenizer, config, queryLength));
const passageEncoder = remembering(textEncoder(tokenizer, config, passageLength));
const batches = await contrastiveBatches(data, {
  negatives,
  batchSize,
  batches: optional('batches', values.batches),
});
/** Token ids of a batch, each side as the original encodes it: queries, positives, negatives. */
const idsOf = ({ examples }: ContrastiveBatch) => ({
  queries: examples.map(({ query }) => queryEncoder.encode(query).input_ids),
  positives: examples.map(({ positive }) => passageEncoder.encode(positive).input_ids),
  negatives: examples.flatMap((example) =>
    example.negatives.map((text) => passageEncoder.encode(text).input_ids),
  ),
});
const tokenizing = performance.now();
const ids = batches.map(idsOf);
const msTokenizing = performance.now() - tokenizing;
if (values['write-ids'] === undefined) await train();
else writeIds(values['write-ids']);

function writeIds(path: string): void {
  const { hidden, heads, feedForward, layers, tokens } = shape;
  const vocabulary = config.vocab_size;
  const model = { vocabulary, positions: tokens, hidden, heads, feed_forward: feedForward, layers };
  const lengths = { query_length: queryLength, passage_length: passageLength };
  writeFileSync(
    path,
    JSON.stringify({ model, ...lengths, temperature, padId: tokenizer.padId, batches: ids }),
  );
}

async function train(): Promise<void> {
  const head: EmbeddingHead = { pooling: ['mean'], dense: [], normalize: true };
  const gradCache = chunkTokens !== undefined;
  const plan = compile(
    embeddingObjective({ config, head, loss: { kind: 'in-batch', temperature }, gradCache }),
    { initial: (name, shape) => initializeParameter({ name, shape }, config, 1), optimizer: {} },
  );
  const threads = whole('threads', values.threads);
  const session = await TrainingSession.create(plan, { provider: 'cpu', threads });
  const inputs = await session.inputs();
  const collate = (batch: ContrastiveBatch, update?: number) =>
    collateContrastive(batch, {
      queryEncoder,
      passageEncoder,
      // The original keeps candidates that equal a positive.
      compat: true,
      ...(gradCache && { chunkTokens }),
      ...(update !== undefined && { dropout: { seed: 1, update, inputs } }),
    });
  const sized = batches.map((batch) => ({ batch, ...sizesOf(collate(batch)) }));
  const longest = sized.reduce((a, b) => (b.real > a.real ? b : a));
  await session.trainStep(collate(longest.batch, 0).batch, { learningRate: 0 });

  const losses: number[] = [];
  const started = performance.now();
  for (const [update, batch] of batches.entries())
    losses.push((await session.trainStep(collate(batch, update).batch, { learningRate: 5e-5 })).loss);
  const ms = performance.now() - started;
  session.dispose();
  const total = (of: 'real' | 'rows' | 'cells' | 'texts') => sized.reduce((sum, sizes) => sum + sizes[of], 0);
  const rounded = (x: number, digits: number) => Number(x.toFixed(digits));
  console.log(
    JSON.stringify({
      what: 'embedding recipe',
      by: '@rag/embedding',
      chunk_tokens: chunkTokens ?? null,
      batch_size: batchSize,
      neg_nums: negatives,
      dropout,
      batches: batches.length,
      texts: total('texts'),
      real_tokens: total('real'),
      real_tokens_per_second: rounded((total('real') / ms) * 1000, 1),
      ms: Math.round(ms),
      // Of the rows that linear layers compute, and of the cells that attention computes.
      filler_share: rounded(1 - total('real') / total('rows'), 4),
      attention_filler_share: rounded(1 - total('real') / total('cells'), 4),
      ms_tokenizing: Math.round(msTokenizing),
      first_loss: rounded(losses[0]!, 4),
      last_loss: rounded(losses.at(-1)!, 4),
      peak_rss_mb: peakRssMb(),
    }),
  );
}

function sizesOf({ batch, realTokens, sequences }: CollatedBatch) {
  const parts = chunkTokens === undefined ? [batch as Batch] : [...(batch as ChunkedBatch).chunks];
  const sum = (of: (part: Batch) => number) => parts.reduce((total, part) => total + of(part), 0);
  return {
    texts: sequences,
    real: realTokens,
    rows: sum(({ input_ids }) => input_ids!.shape[0]!),
    cells: sum(({ attention_mask }) => attention_mask!.data.length),
  };
}
