import { numbersOf, ours, peer, type Report } from './child.js';
import { parseStepShape } from './encoder-plan.js';
import { median } from './measure.js';

/** How a step was computed. */
export type Contestant = 'ours' | 'torch fp32 eager' | 'torch fp32 SDPA' | 'torch bf16 SDPA';

/** The peer's flags of each of its contestants. */
export const peerFlags = {
  'torch fp32 eager': [],
  'torch fp32 SDPA': ['--sdpa'],
  'torch bf16 SDPA': ['--sdpa', '--bf16'],
} as const satisfies Partial<Record<Contestant, readonly string[]>>;

/** PyTorch's contestants. */
export const peers = Object.keys(peerFlags) as (keyof typeof peerFlags)[];

/** Medians over the rounds of what one contestant took for a step. */
export interface StepTimes {
  /** Forward, backward and AdamW. */
  readonly ms: number;
  readonly gflops: number;
  readonly gflopsForwardBackward: number;
  /** The most over the rounds, MiB. */
  readonly peakRssMb: number;
}

/** A shape and a dropout probability, computed by each. */
export interface StepComparison {
  readonly shape: string;
  readonly dropout: number;
  readonly times: ReadonlyMap<Contestant, StepTimes>;
  /** ONNX Runtime's own [B·L, H]·[H, F] between the steps, GFLOP/s. */
  readonly matmulGflops: number;
}

export interface StepOptions {
  readonly python: string | undefined;
  readonly shapes: readonly string[];
  readonly dropouts: readonly number[];
  readonly rounds: number;
  readonly runs: number;
  readonly threads: number;
}

/** Runs every contestant in turn, round after round (A B C A B C …), each in a process of its own. */
export async function* compareSteps(options: StepOptions): AsyncGenerator<StepComparison> {
  for (const shape of options.shapes)
    for (const dropout of options.dropouts) yield await compare(shape, dropout, options);
}

async function compare(
  shape: string,
  dropout: number,
  { python, rounds, runs, threads }: StepOptions,
): Promise<StepComparison> {
  const flags = ['--dropout', String(dropout), '--threads', String(threads), '--runs', String(runs)];
  const reports = new Map<Contestant, Report[]>();
  const matmul: number[] = [];
  const { batch, tokens, hidden, feedForward } = parseStepShape(shape);
  const keep = (contestant: Contestant, report: Report | undefined) =>
    reports.set(contestant, [...(reports.get(contestant) ?? []), report!]);
  for (let round = 0; round < rounds; round++) {
    keep('ours', await ours('encoder-step.ts', shape, ...flags));
    const product = `${batch * tokens},${hidden},${feedForward}`;
    matmul.push(numbersOf(await ours('matmul.ts', product, '--threads', String(threads)), 'gflops').gflops);
    if (python === undefined) continue;
    for (const [name, own] of Object.entries(peerFlags))
      keep(
        name as Contestant,
        await peer(python, 'torch_encoder_step.py', shape, '--adamw', ...own, ...flags),
      );
  }
  const times = [...reports].map(([name, list]) => [name, timesOf(list)] as const);
  return { shape, dropout, times: new Map(times), matmulGflops: median(matmul) };
}

function timesOf(reports: readonly Report[]): StepTimes {
  const rounds = reports.map((report) =>
    numbersOf(report, 'ms.median', 'gflops', 'gflops_forward_backward', 'peak_rss_mb'),
  );
  return {
    ms: median(rounds.map((round) => round['ms.median'])),
    gflops: median(rounds.map((round) => round.gflops)),
    gflopsForwardBackward: median(rounds.map((round) => round.gflops_forward_backward)),
    peakRssMb: Math.max(...rounds.map((round) => round.peak_rss_mb)),
  };
}

/** PyTorch's fastest float32 run of a comparison; undefined where the peer was absent. */
export function fastestFp32({ times }: StepComparison): StepTimes | undefined {
  const fp32 = (['torch fp32 eager', 'torch fp32 SDPA'] as const).flatMap((name) => times.get(name) ?? []);
  return fp32.toSorted((a, b) => a.ms - b.ms)[0];
}
