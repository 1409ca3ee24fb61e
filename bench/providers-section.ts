import type { ProviderStep } from './compare-providers.js';
import { number, ratio, table, times } from './markdown.js';

/** What `compareProviders` found so far, in markdown; `software` says that WebGPU ran on a software Vulkan. */
export function providersSection(
  steps: readonly ProviderStep[],
  { runs, software }: { readonly runs: number; readonly software: boolean },
): string[] {
  const cpu = (shape: string) =>
    steps.find((step) => step.shape === shape && step.place.provider === 'cpu')?.done?.gflops;
  const rows = steps.map(({ shape, place, done }) => [
    shape,
    place.name,
    done === undefined ? 'not run' : done.shape === shape ? 'the same' : done.shape,
    number(done?.ms, 1),
    number(done?.gflops, 1),
    times(ratio(done?.gflops, cpu(shape))),
    number(done?.peakRssMb),
  ]);
  const reasons = new Set(
    steps.flatMap(({ place, done, shape, reason }) =>
      reason === undefined ? [] : [`${place.name}: ${done ? `${shape} was too much` : 'not run'}: ${reason}`],
    ),
  );
  return [
    `Forward, backward and AdamW of one step, dropout 0, medians of ${runs} after one that is not measured, each in a process of its own in Node. Shapes are batch, tokens, hidden, heads, feed-forward, layers; where a provider could not hold a shape, or did not finish it in time, the first smaller one that it finished is computed (a quarter of the rows, one row, one row of one layer), and GFLOP/s of the matrix products make them comparable. cpu and cuda run through the C API of ONNX Runtime, wasm and webgpu through its JavaScript bindings.${software ? ' webgpu is a software Vulkan on the same processor here: its times say that it works, nothing of a GPU.' : ''}`,
    table(['shape', 'provider', 'computed', 'ms', 'GFLOP/s', 'of cpu’s', 'peak MiB'], rows),
    ...(reasons.size === 0 ? [] : [[...reasons].map((line) => `- ${line}`).join('\n')]),
  ];
}
