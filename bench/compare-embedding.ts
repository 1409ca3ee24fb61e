import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { numbersOf, ours, peer, type Report } from './child.js';
import { peerFlags, peers } from './compare-steps.js';

/** What a run computes beside real tokens. */
export type Padding = 'packed' | '128 / 512' | 'longest of the batch';

/** The recipe once, by one contestant. */
export interface EmbeddingRun {
  readonly by: string;
  readonly padding: Padding;
  /** Padding and filler are not counted. */
  readonly realTokensPerSecond: number;
  readonly seconds: number;
  /** Of the rows that linear layers compute. */
  readonly fillerShare: number;
  /** Of the cells that attention computes. */
  readonly attentionFillerShare: number;
  readonly peakRssMb: number;
  readonly firstLoss: number;
  readonly lastLoss: number;
  readonly batches: number;
  readonly texts: number;
  readonly realTokens: number;
}

export interface EmbeddingOptions {
  readonly python: string | undefined;
  readonly data: string;
  readonly tokenizer: string;
  /** `embedding-recipe.ts --shape`: hidden, heads, feed-forward, layers. */
  readonly shape: string;
  readonly batchSize: number;
  readonly negatives: number;
  readonly chunkTokens: number;
  readonly dropout: number;
  readonly batches: number | undefined;
  readonly threads: number;
}

/** The original's loader pads to these, whatever the texts. */
const paddings = { fixed: '128 / 512', longest: 'longest of the batch' } as const;

/** Runs every contestant over the same batches in the same order, each in a process of its own. */
export async function* compareEmbedding(options: EmbeddingOptions): AsyncGenerator<EmbeddingRun> {
  const { python, data, tokenizer, shape, batchSize, negatives, chunkTokens, batches } = options;
  const common = ['--dropout', String(options.dropout), '--threads', String(options.threads)];
  const flags = [data, tokenizer, '--shape', shape, ...common];
  flags.push('--batch-size', String(batchSize), '--neg-nums', String(negatives));
  if (batches !== undefined) flags.push('--batches', String(batches));
  yield runOf('ours, at once', 'packed', await ours('embedding-recipe.ts', ...flags));
  const chunks = ['--chunk-tokens', String(chunkTokens)];
  yield runOf(
    `ours, GradCache by ${chunkTokens} tokens`,
    'packed',
    await ours('embedding-recipe.ts', ...flags, ...chunks),
  );
  if (python === undefined) return;
  const folder = mkdtempSync(join(tmpdir(), 'bench-ids-'));
  try {
    const ids = join(folder, 'ids.json');
    await ours('embedding-recipe.ts', ...flags, '--write-ids', ids);
    for (const [pad, padding] of Object.entries(paddings))
      for (const name of peers) {
        const own = ['--pad', pad, ...peerFlags[name], ...common];
        yield runOf(name, padding, await peer(python, 'torch_embedding.py', ids, ...own));
      }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function runOf(by: string, padding: Padding, report: Report | undefined): EmbeddingRun {
  const { ms, ...numbers } = numbersOf(
    report,
    'ms',
    'real_tokens_per_second',
    'filler_share',
    'attention_filler_share',
    'peak_rss_mb',
    'first_loss',
    'last_loss',
    'batches',
    'texts',
    'real_tokens',
  );
  return {
    by,
    padding,
    realTokensPerSecond: numbers.real_tokens_per_second,
    seconds: ms / 1000,
    fillerShare: numbers.filler_share,
    attentionFillerShare: numbers.attention_filler_share,
    peakRssMb: numbers.peak_rss_mb,
    firstLoss: numbers.first_loss,
    lastLoss: numbers.last_loss,
    batches: numbers.batches,
    texts: numbers.texts,
    realTokens: numbers.real_tokens,
  };
}
