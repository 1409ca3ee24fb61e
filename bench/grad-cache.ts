/**
 * Memory and time of a contrastive step of an embedding model, its texts encoded by chunks (GradCache) or at once.
 *
 * Usage: npx tsx --conditions=@rag/source grad-cache.ts [--queries 1024] [--passages 8] [--tokens 32] [--hidden 256]
 *   [--layers 4] [--heads 4] [--feed-forward 1024] [--dropout 0.1] [--threads N] [--runs N]
 *   [--budgets 1024,4096,16384] [--uncached 16,32,64]
 * One process for each budget (tokens of a chunk, all queries) and for each number of queries that is computed at once;
 * every text is full. Prints one JSON line each: peak memory, what the process held before its first step, milliseconds
 * of a step. `--budget N` (0: at once) measures one of them in this process. One step goes before those that are measured.
 */
import { parseArgs } from 'node:util';
import type { EmbeddingHead } from '@rag/embedding';
import { collateContrastive, embeddingObjective, type TextTokenizer } from '@rag/embedding/training';
import { initializeParameter } from '@rag/models';
import { compile, TrainingSession } from '@rag/runtime';
import { ours } from './child.js';
import { encoderConfig } from './encoder-plan.js';
import { peakRssMb, range } from './measure.js';

const { values } = parseArgs({
  options: {
    queries: { type: 'string', default: '1024' },
    passages: { type: 'string', default: '8' },
    tokens: { type: 'string', default: '32' },
    hidden: { type: 'string', default: '256' },
    layers: { type: 'string', default: '4' },
    heads: { type: 'string', default: '4' },
    'feed-forward': { type: 'string', default: '1024' },
    dropout: { type: 'string', default: '0.1' },
    threads: { type: 'string', default: '2' },
    runs: { type: 'string', default: '3' },
    budgets: { type: 'string', default: '1024,4096,16384' },
    uncached: { type: 'string', default: '16,32,64' },
    budget: { type: 'string' },
  },
});

/** A whole number from `least`; throws RangeError for other texts. */
function whole(name: string, text: string, least = 1): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isInteger(number) || number < least)
    throw new RangeError(`--${name}: expected a whole number from ${least}, got "${text}"`);
  return number;
}
const list = (name: string, text: string): number[] =>
  text === '' ? [] : text.split(',').map((part) => whole(name, part));

if (values.budget === undefined) {
  const { budgets, uncached, budget: _, ...shape } = values;
  const measure = (queries: number, budget: number) => {
    const options = { ...shape, queries: String(queries), budget: String(budget) };
    return ours('grad-cache.ts', ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]));
  };
  for (const queries of list('uncached', uncached)) console.log(JSON.stringify(await measure(queries, 0)));
  for (const budget of list('budgets', budgets))
    console.log(JSON.stringify(await measure(whole('queries', values.queries), budget)));
} else await step(whole('budget', values.budget, 0));

async function step(budget: number): Promise<void> {
  const [queries, passages, tokens] = [
    whole('queries', values.queries),
    whole('passages', values.passages),
    whole('tokens', values.tokens),
  ];
  const config = encoderConfig(
    {
      batch: queries,
      tokens,
      hidden: whole('hidden', values.hidden),
      heads: whole('heads', values.heads),
      feedForward: whole('feed-forward', values['feed-forward']),
      layers: whole('layers', values.layers),
    },
    Number(values.dropout),
  );
  const head: EmbeddingHead = { pooling: ['mean'], dense: [], normalize: true };
  const plan = compile(
    embeddingObjective({ config, head, loss: { kind: 'in-batch' }, gradCache: budget > 0 }),
    { initial: (name, shape) => initializeParameter({ name, shape }, config, 1), optimizer: {} },
  );
  const session = await TrainingSession.create(plan, {
    provider: 'cpu',
    threads: whole('threads', values.threads),
  });
  const inputs = await session.inputs();
  const encoder = numberedTexts(tokens, config.vocab_size);
  const examples = Array.from({ length: queries }, (_, q) => ({
    at: { file: 'numbers', line: q + 1 },
    query: String(q * (passages + 1)),
    positive: String(q * (passages + 1) + 1),
    negatives: Array.from({ length: passages - 1 }, (_, n) => String(q * (passages + 1) + 2 + n)),
  }));
  const indices = examples.map((_, i) => i);
  const before = Math.round(process.memoryUsage().rss / 2 ** 20);
  const times: number[] = [];
  for (let update = 0; update < 1 + whole('runs', values.runs); update++) {
    const started = performance.now();
    const { batch } = collateContrastive(
      { examples, indices },
      {
        queryEncoder: encoder,
        passageEncoder: encoder,
        dropout: { seed: 1, update, inputs },
        ...(budget > 0 && { chunkTokens: budget }),
      },
    );
    await session.trainStep(batch, { learningRate: 5e-5 });
    times.push(performance.now() - started);
  }
  session.dispose();
  console.log(
    JSON.stringify({
      what: 'contrastive step',
      by: budget > 0 ? '@rag/embedding, by chunks' : '@rag/embedding, at once',
      queries,
      passages,
      tokens,
      hidden: config.hidden_size,
      layers: config.num_hidden_layers,
      dropout: Number(values.dropout),
      chunk_tokens: budget,
      ms: range(times.slice(1)),
      rss_before_mb: before,
      peak_rss_mb: peakRssMb(),
    }),
  );
}

/** Texts that are numbers, each of `tokens` ids that follow from it. */
function numberedTexts(tokens: number, vocabulary: number): TextTokenizer {
  const encode = (text: string) => ({
    input_ids: Array.from({ length: tokens }, (_, t) => 1 + ((Number(text) * 31 + t * 7) % (vocabulary - 1))),
    token_type_ids: new Array<number>(tokens).fill(0),
  });
  return {
    maxLength: tokens,
    padId: 0,
    encode,
    encodeBy: async (_, texts) => texts.map(encode),
    promptTokens: () => 0,
  };
}
