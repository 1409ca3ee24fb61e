import type { InferenceRow } from './compare-inference.js';
import { number, table, times } from './markdown.js';

const things = { reranker: 'pairs', embedding: 'texts' } as const;

/** What `compareInference` found so far, in markdown. */
export function inferenceSection(
  rows: readonly InferenceRow[],
  { shape, rounds }: { readonly shape: string; readonly rounds: number },
): string[] {
  const [hidden, heads, feedForward, layers] = shape.split(',');
  return [
    `A BERT of ${layers} layers, hidden size ${hidden}, ${heads} heads, feed-forward size ${feedForward}, fresh weights, fp32, on T2Ranking’s queries and passages (passages cut to 480 characters, so that nothing is truncated and lengths stay as mixed as they are: 62 % of a padded batch is real). Both on ONNX Runtime’s CPU provider, tokenizing included: ours packs by length, as many of a batch of 32 at once as its default allows; transformers.js takes the given order in batches of 32 and pads to the longest of each, as its examples do. ${rounds} rounds in which the two take turns, each in a process of its own; medians, and the ratio of each round.`,
    table(
      [
        '',
        'ours, per second',
        'transformers.js, per second',
        'ratio, least and greatest',
        'by processor time',
        'ours opens in ms',
        'transformers.js',
        'ours MiB',
        'transformers.js MiB',
      ],
      rows.map(({ task, rows: count, by: { ours, transformers }, ratios }) => [
        `${task}, ${count} ${things[task]}`,
        number(ours.perSecond, 1),
        number(transformers.perSecond, 1),
        `${times(ratios.median)} (${times(ratios.min)}–${times(ratios.max)})`,
        times(transformers.processorSeconds / ours.processorSeconds),
        number(ours.openMs),
        number(transformers.openMs),
        number(ours.peakMb),
        number(transformers.peakMb),
      ]),
    ),
    `Largest difference between the two, over the first 32: ${rows.map(({ task, largestDifference }) => `${task} ${largestDifference.toExponential(1)}`).join(', ')}.`,
  ];
}
