import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { numbersOf, ours, peer, type Report } from './child.js';
import { type Contestant, peerFlags } from './compare-steps.js';
import type { Order } from './token-batches.js';

/** An epoch over real rows by one contestant. */
export interface EpochTimes {
  /** Padding and filler are not counted. */
  readonly realTokensPerSecond: number;
  readonly seconds: number;
  /** Of the rows that linear layers compute. */
  readonly fillerShare: number;
  readonly peakRssMb: number;
}

/** The same batches in the same order, ours packed and PyTorch's padded to their longest row. */
export interface EpochComparison {
  readonly order: Order;
  readonly dropout: number;
  readonly rows: number;
  readonly batches: number;
  readonly realTokens: number;
  readonly times: ReadonlyMap<Contestant, EpochTimes>;
}

export interface EpochOptions {
  readonly python: string | undefined;
  readonly data: string;
  readonly tokenizer: string;
  readonly orders: readonly Order[];
  readonly dropouts: readonly number[];
  /** `t2rank.ts --shape`: hidden, heads, feed-forward, layers. */
  readonly shape: string;
  readonly batches: number | undefined;
  readonly maxCells: number | undefined;
  readonly threads: number;
}

/** Runs every contestant over the epoch once for each order and dropout, each in a process of its own. */
export async function* compareEpochs(options: EpochOptions): AsyncGenerator<EpochComparison> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-ids-'));
  try {
    for (const order of options.orders)
      for (const dropout of options.dropouts)
        yield await compare(order, dropout, join(folder, `${order}.json`), options);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function compare(
  order: Order,
  dropout: number,
  ids: string,
  { python, data, tokenizer, shape, batches, maxCells, threads }: EpochOptions,
): Promise<EpochComparison> {
  const common = ['--dropout', String(dropout), '--threads', String(threads)];
  const flags = [data, tokenizer, '--order', order, '--shape', shape, ...common];
  if (batches !== undefined) flags.push('--batches', String(batches));
  if (maxCells !== undefined) flags.push('--max-cells', String(maxCells));
  const own = await ours('t2rank.ts', ...flags);
  const times = new Map<Contestant, EpochTimes>([['ours', timesOf(own)]]);
  if (python !== undefined) {
    await ours('t2rank.ts', ...flags, '--write-ids', ids);
    for (const [name, flags] of Object.entries(peerFlags))
      times.set(name as Contestant, timesOf(await peer(python, 'torch_t2rank.py', ids, ...flags, ...common)));
  }
  const counted = numbersOf(own, 'rows', 'batches', 'real_tokens');
  return {
    order,
    dropout,
    rows: counted.rows,
    batches: counted.batches,
    realTokens: counted.real_tokens,
    times,
  };
}

function timesOf(report: Report | undefined): EpochTimes {
  const numbers = numbersOf(report, 'real_tokens_per_second', 'ms', 'filler_share', 'peak_rss_mb');
  return {
    realTokensPerSecond: numbers.real_tokens_per_second,
    seconds: numbers.ms / 1000,
    fillerShare: numbers.filler_share,
    peakRssMb: numbers.peak_rss_mb,
  };
}
