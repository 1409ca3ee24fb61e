import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { numbersOf, ours, peer, type Report } from './child.js';
import { fullRows, realRows } from './decoder-batches.js';
import { type DecoderShape, decoderConfig, decoderLora, writeDecoder } from './decoder-plan.js';
import { median } from './measure.js';

/** What is done with the decoder. */
export const decoderTasks = ['lora', 'full', 'score'] as const;
export type DecoderTask = (typeof decoderTasks)[number];

/** What one contestant took for a task: medians over the rounds, and the most memory. */
export interface DecoderRun {
  readonly task: DecoderTask;
  readonly by: string;
  readonly isOurs: boolean;
  /** How it was computed: frozen weights' storage, or whether activations are recomputed. */
  readonly how: string;
  /** Padding and filler are not counted. */
  readonly tokensPerSecond: number;
  readonly peakRssMb: number;
  /** What the memory plan said; none for the peer, and for scoring. */
  readonly plannedMb: number | undefined;
}

/** Everything measured on some batches by one size of the model. */
export interface DecoderComparison {
  readonly name: string;
  readonly shape: DecoderShape;
  readonly batches: number;
  readonly rows: number;
  readonly realTokens: number;
  /** Of the cells of batches padded to their longest row. */
  readonly paddingShare: number;
  readonly rounds: number;
  readonly runs: readonly DecoderRun[];
}

export interface DecoderOptions {
  readonly python: string | undefined;
  readonly data: string | undefined;
  readonly tokenizer: string | undefined;
  /** Cut in layers and vocabulary, for rates. */
  readonly cut: DecoderShape;
  /** For memory; none is measured without it. */
  readonly whole: DecoderShape | undefined;
  /** Of a full batch, and of the whole model's. */
  readonly rows: number;
  readonly tokens: number;
  /** Of a batch of real lengths. */
  readonly realRows: number;
  readonly batches: number;
  readonly rounds: number;
  readonly threads: number;
}

interface Contestant {
  readonly task: DecoderTask;
  readonly by: string;
  readonly how: string;
  /** Flags of decoder-step.ts, or of the peer. */
  readonly flags: readonly string[];
  readonly isOurs: boolean;
}

const own = (task: DecoderTask, how: string, ...flags: string[]): Contestant => ({
  task,
  by: 'ours',
  how,
  flags: [task, ...flags],
  isOurs: true,
});
const torch = (task: DecoderTask, isBf16: boolean, isRecomputed: boolean): Contestant => ({
  task,
  by: isBf16 ? 'torch bf16' : 'torch fp32',
  how: task === 'score' ? 'padded' : isRecomputed ? 'padded, recomputed' : 'padded, kept',
  flags: [task, ...(isBf16 ? ['--bf16'] : []), ...(isRecomputed ? ['--checkpointing'] : [])],
  isOurs: false,
});

/** In the order in which they take turns: ours between PyTorch's, so that what else the machine does meets both. */
const rated: readonly Contestant[] = [
  own('lora', 'frozen float32, recomputed', '--storage', 'float32'),
  torch('lora', false, true),
  own('lora', 'frozen float32, kept', '--storage', 'float32', '--kept'),
  torch('lora', false, false),
  own('lora', 'frozen float16, recomputed', '--storage', 'float16'),
  torch('lora', true, true),
  own('lora', 'frozen int4, recomputed', '--storage', 'int4'),
  torch('lora', true, false),
  own('full', 'recomputed'),
  torch('full', false, true),
  own('full', 'kept', '--kept'),
  torch('full', false, false),
  torch('full', true, true),
  torch('full', true, false),
  own('score', 'packed'),
  torch('score', false, false),
  torch('score', true, false),
];
/** Of the whole model: what a machine of 24 GiB holds, a step each. */
const weighed: readonly Contestant[] = rated.filter(
  ({ task, by, how }) => by !== 'torch bf16' && (task !== 'full' || !how.endsWith('kept')),
);

/** Every contestant in turn, round after round, each in a process of its own: full rows, real lengths, then the whole model. */
export async function* compareDecoder(options: DecoderOptions): AsyncGenerator<DecoderComparison> {
  const { cut, whole, data, tokenizer, rows, tokens, batches, rounds } = options;
  const full = fullRows(cut.vocabulary, { batches, rows, tokens });
  yield await compare(`${rows} × ${tokens} tokens`, cut, full, rated, rounds, options);
  if (data !== undefined && tokenizer !== undefined) {
    const real = { data, tokenizer, batches, rows: options.realRows, maxLength: tokens };
    const lengths = await realRows(cut.vocabulary, real);
    yield await compare('T2Ranking’s lengths', cut, lengths, rated, rounds, options);
  } else console.error('decoders: real lengths are left out: no --data and --decoder-tokenizer were given');
  if (whole === undefined) return;
  const once = fullRows(whole.vocabulary, { batches: 1, rows, tokens });
  yield await compare(`the whole model, ${rows} × ${tokens} tokens`, whole, once, weighed, 1, options);
}

async function compare(
  name: string,
  shape: DecoderShape,
  batches: readonly (readonly (readonly number[])[])[],
  contestants: readonly Contestant[],
  rounds: number,
  { python, threads }: DecoderOptions,
): Promise<DecoderComparison> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-decoder-'));
  try {
    const ids = join(folder, 'ids.json');
    const config = decoderConfig(shape);
    writeFileSync(ids, JSON.stringify({ config, lora: decoderLora, batches }));
    await writeDecoder(folder, config);
    const reports = new Map<Contestant, Report[]>();
    const common = ['--threads', String(threads)];
    for (let round = 0; round < rounds; round++)
      for (const contestant of contestants) {
        const flags = [ids, ...contestant.flags, ...common];
        if (contestant.task === 'score' && contestant.isOurs) flags.push('--weights', folder);
        if (!contestant.isOurs && python === undefined) continue;
        const report = contestant.isOurs
          ? await ours('decoder-step.ts', ...flags)
          : await peer(python!, 'decoder_step.py', ...flags);
        reports.set(contestant, [...(reports.get(contestant) ?? []), report!]);
      }
    const rows = batches.flat().map(({ length }) => length);
    const realTokens = rows.reduce((a, b) => a + b, 0);
    const cells = batches.reduce(
      (sum, batch) => sum + batch.length * Math.max(...batch.map(({ length }) => length)),
      0,
    );
    return {
      name,
      shape,
      batches: batches.length,
      rows: rows.length,
      realTokens,
      paddingShare: 1 - realTokens / cells,
      rounds,
      runs: [...reports].map(([contestant, list]) => runOf(contestant, list)),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function runOf({ task, by, how, isOurs }: Contestant, reports: readonly Report[]): DecoderRun {
  const rounds = reports.map((report) => numbersOf(report, 'tokens_per_second', 'peak_rss_mb'));
  const planned = reports[0]!.planned_mb;
  return {
    task,
    by,
    how,
    isOurs,
    tokensPerSecond: median(rounds.map((round) => round.tokens_per_second)),
    peakRssMb: Math.max(...rounds.map((round) => round.peak_rss_mb)),
    plannedMb: typeof planned === 'number' ? planned : undefined,
  };
}
