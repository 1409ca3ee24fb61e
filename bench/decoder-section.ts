import type { DecoderComparison, DecoderRun, DecoderTask } from './compare-decoder.js';
import type { DecoderShape } from './decoder-plan.js';
import { number, percent, ratio, table, times } from './markdown.js';

const titles: Readonly<Record<DecoderTask, string>> = {
  lora: 'LoRA, rank 16',
  full: 'everything trained',
  score: 'scoring',
};

/** What `compareDecoder` found so far, in markdown; `whole` is the model that the others are cut from. */
export function decoderSection(found: readonly DecoderComparison[], whole: DecoderShape): string[] {
  if (found.length === 0) return ['Nothing measured.'];
  return [
    'A decoder of a Qwen2.5-0.5B’s shape with a scalar head and random weights: LoRA of rank 16 beside all linear layers, training of everything, scoring. Ours is packed, in float32; PyTorch, transformers’ model with SDPA and PEFT’s adapters, pads to the longest row, in float32 or bf16 autocast. Both recompute every layer’s activations (plans with a layer in each segment; gradient checkpointing) or keep them. Binary cross-entropy and AdamW, an update per batch; each run in a process of its own, the longest batch once before the clock starts.',
    ...found.flatMap((comparison) => comparisonOf(comparison, whole)),
    'Real tokens per second; padding and filler are not counted. Memory is the peak of the process, in MiB; of ours, what the memory plan said before the first step is beside it. Ratios are to PyTorch’s fastest of that precision, and to its fp32 with activations recomputed.',
  ];
}

function comparisonOf(comparison: DecoderComparison, whole: DecoderShape): string[] {
  const { name, shape, batches, rows, realTokens, paddingShare, rounds, runs } = comparison;
  const cut =
    shape.layers < whole.layers
      ? `${shape.layers} of ${whole.layers} layers at full width and ${shape.vocabulary} of ${whole.vocabulary} words, so that the embedding keeps its share`
      : `all ${shape.layers} layers and ${shape.vocabulary} words`;
  return [
    `### ${name[0]!.toUpperCase()}${name.slice(1)}`,
    `${cut[0]!.toUpperCase()}${cut.slice(1)}; ${batches} ${batches === 1 ? 'batch' : 'batches'}, ${rows} rows, ${realTokens} tokens; padded to the longest of a batch, ${percent(paddingShare)} would be padding. ${rounds === 1 ? 'One round' : `Medians over ${rounds} rounds`}.`,
    runTable(runs),
  ];
}

function runTable(runs: readonly DecoderRun[]): string {
  const fastest = (task: DecoderTask, by: string, how = ''): number | undefined => {
    const rates = runs
      .filter((run) => run.task === task && run.by === by && run.how.endsWith(how))
      .map((run) => run.tokensPerSecond);
    return rates.length > 0 ? Math.max(...rates) : undefined;
  };
  const head = [
    'what',
    'by',
    'how',
    'tokens/s',
    '÷ torch fp32',
    '÷ torch fp32 recomputed',
    '÷ torch bf16',
    'peak MiB',
    'planned MiB',
  ];
  const rows = runs
    .toSorted((a, b) => Object.keys(titles).indexOf(a.task) - Object.keys(titles).indexOf(b.task))
    .map((run) => {
      const beside = (by: string, how?: string) =>
        run.isOurs ? times(ratio(run.tokensPerSecond, fastest(run.task, by, how))) : '';
      return [
        titles[run.task],
        run.by,
        run.how,
        number(run.tokensPerSecond),
        beside('torch fp32'),
        beside('torch fp32', 'recomputed'),
        beside('torch bf16'),
        number(run.peakRssMb),
        run.plannedMb === undefined ? '' : number(run.plannedMb),
      ];
    });
  return table(head, rows);
}
