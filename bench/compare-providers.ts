import { type Attempt, attempt, numbersOf } from './child.js';
import { parseStepShape } from './encoder-plan.js';
import { webgpuEnvironment } from './software-vulkan.js';

/** Where a step is computed. */
export interface Place {
  readonly name: string;
  readonly provider: 'cpu' | 'wasm' | 'webgpu' | 'cuda';
  readonly threads: number;
}

/** cpu and cuda through the C API with I/O binding, wasm and webgpu through JavaScript bindings; all in Node. */
export const places = (threads: number): readonly Place[] => [
  { name: `cpu, ${threads} threads`, provider: 'cpu', threads },
  { name: 'wasm, 1 thread', provider: 'wasm', threads: 1 },
  { name: `wasm, ${threads} threads`, provider: 'wasm', threads },
  { name: 'webgpu', provider: 'webgpu', threads },
  { name: 'cuda', provider: 'cuda', threads },
];

/** A shape at one place: what a step took, of the shape itself or of a smaller one, or why there is nothing. */
export interface ProviderStep {
  readonly shape: string;
  readonly place: Place;
  readonly done?: {
    /** The shape that was computed. */
    readonly shape: string;
    readonly ms: number;
    readonly gflops: number;
    readonly peakRssMb: number;
  };
  /** Why it is not the shape itself that was computed, or none. */
  readonly reason?: string;
}

export interface ProviderOptions {
  readonly shapes: readonly string[];
  readonly threads: number;
  readonly runs: number;
  /** Most seconds of a shape at a place. */
  readonly seconds: number;
}

/**
 * The shape, then ever smaller ones for places that cannot hold it or are too slow for it: a quarter of the rows, one row, one row of one layer.
 */
export function smallerShapes(text: string): string[] {
  const shape = parseStepShape(text);
  const quarter = Math.ceil(shape.batch / 4);
  const sizes = [
    shape,
    { ...shape, batch: quarter },
    { ...shape, batch: 1 },
    { ...shape, batch: 1, layers: 1 },
  ];
  return [...new Set(sizes.map((size) => Object.values(size).join(',')))];
}

/** Every shape at every place, each in a process of its own. */
export async function* compareProviders(options: ProviderOptions): AsyncGenerator<ProviderStep> {
  for (const shape of options.shapes)
    for (const place of places(options.threads)) yield await firstThatFits(shape, place, options);
}

/** The largest of `smallerShapes` that is computed in time. `run` is one attempt, for tests. */
export async function firstThatFits(
  shape: string,
  place: Place,
  options: Pick<ProviderOptions, 'runs' | 'seconds'>,
  run: typeof step = step,
): Promise<ProviderStep> {
  let reason: string | undefined;
  for (const smaller of smallerShapes(shape)) {
    const found = await run(smaller, place, options);
    if ('report' in found) {
      const report = numbersOf(found.report, 'ms.median', 'gflops', 'peak_rss_mb');
      const done = {
        shape: smaller,
        ms: report['ms.median'],
        gflops: report.gflops,
        peakRssMb: report.peak_rss_mb,
      };
      return { shape, place, done, ...(reason === undefined ? {} : { reason }) };
    }
    reason ??= found.reason;
    // What is not installed does not depend on the shape.
    if (/install|no adapter|expected a (GPU|provider)/i.test(found.reason)) break;
  }
  return { shape, place, reason: reason! };
}

const step = (
  shape: string,
  { provider, threads }: Place,
  { runs, seconds }: Pick<ProviderOptions, 'runs' | 'seconds'>,
): Promise<Attempt> =>
  attempt(
    'encoder-step.ts',
    [shape, '--provider', provider, '--threads', String(threads), '--warm-up', '1', '--runs', String(runs)],
    { seconds, env: provider === 'webgpu' ? webgpuEnvironment() : {} },
  );
