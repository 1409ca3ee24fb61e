import {
  type Contestant,
  fastestFp32,
  peers,
  type StepComparison,
  type StepOptions,
} from './compare-steps.js';
import { number, percent, ratio, table, times } from './markdown.js';
import { median } from './measure.js';

/** What `compareSteps` found so far, in markdown. */
export const stepsSection = (
  steps: readonly StepComparison[],
  { rounds, runs }: Pick<StepOptions, 'rounds' | 'runs'>,
): string[] => [
  `Forward, backward and AdamW; batch, tokens, hidden, heads, feed-forward, layers. Milliseconds, medians over rounds (${rounds}, ${runs} steps in each) in which the runs take turns, each in a process of its own.`,
  speedTable(steps),
  ...mediansOver(steps),
  '### Rates and memory of that step',
  'GFLOP/s of the matrix products alone, divided by the time of forward and backward; beside ONNX Runtime’s own product [batch·tokens, hidden]·[hidden, feed-forward] in the same rounds. Peak resident memory of the process in MiB.',
  rateTable(steps),
  '### What dropout costs',
  'Milliseconds of the step with dropout over those without, at the same places on both sides.',
  dropoutTable(steps),
];

const shapeOf = ({ shape }: StepComparison): string => shape.replaceAll(',', ', ');

function speedTable(steps: readonly StepComparison[]): string {
  const head = ['shape', 'dropout', 'ours', ...peers, 'fastest fp32 ÷ ours', 'bf16 ÷ ours'];
  const rows = steps.map((step) => {
    const ms = (name: Contestant) => step.times.get(name)?.ms;
    return [
      shapeOf(step),
      String(step.dropout),
      number(ms('ours'), 1),
      ...peers.map((name) => number(ms(name), 1)),
      times(ratio(fastestFp32(step)?.ms, ms('ours'))),
      times(ratio(ms('torch bf16 SDPA'), ms('ours'))),
    ];
  });
  return table(head, rows);
}

function mediansOver(steps: readonly StepComparison[]): string[] {
  return dropoutsOf(steps).flatMap((dropout) => {
    const ratios = steps
      .filter((step) => step.dropout === dropout)
      .flatMap((step) => ratio(fastestFp32(step)?.ms, step.times.get('ours')?.ms) ?? []);
    return ratios.length > 0
      ? [`Median over the shapes, dropout ${dropout}: ${times(median(ratios))} PyTorch’s fastest fp32.`]
      : [];
  });
}

function rateTable(steps: readonly StepComparison[]): string {
  const head = [
    'shape',
    'dropout',
    'ours GFLOP/s',
    'matmul GFLOP/s',
    'share',
    'torch fastest fp32 GFLOP/s',
    'ours MiB',
    ...peers.map((name) => `${name} MiB`),
  ];
  const rows = steps.map((step) => {
    const own = step.times.get('ours')!;
    return [
      shapeOf(step),
      String(step.dropout),
      number(own.gflopsForwardBackward),
      number(step.matmulGflops),
      percent(own.gflopsForwardBackward / step.matmulGflops),
      number(fastestFp32(step)?.gflopsForwardBackward),
      number(own.peakRssMb),
      ...peers.map((name) => number(step.times.get(name)?.peakRssMb)),
    ];
  });
  return table(head, rows);
}

const dropoutsOf = (steps: readonly StepComparison[]): number[] => [
  ...new Set(steps.map(({ dropout }) => dropout)),
];

function dropoutTable(steps: readonly StepComparison[]): string {
  const rows = steps.flatMap((step) => {
    const without = steps.find(({ shape, dropout }) => shape === step.shape && dropout === 0);
    if (step.dropout === 0 || !without) return [];
    const costs = (['ours', ...peers] as const).map((name) => {
      const cost = ratio(step.times.get(name)?.ms, without.times.get(name)?.ms);
      return cost === undefined ? '–' : `${cost >= 1 ? '+' : '−'}${percent(Math.abs(cost - 1))}`;
    });
    return [[shapeOf(step), String(step.dropout), ...costs]];
  });
  return table(['shape', 'dropout', 'ours', ...peers], rows);
}
