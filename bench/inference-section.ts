import type { InferenceRow } from './compare-inference.js';
import { number, table, times } from './markdown.js';

const things = { reranker: 'pairs', embedding: 'texts' } as const;

/** What `compareInference` found so far, in markdown. */
export function inferenceSection(rows: readonly InferenceRow[], shape: string): string[] {
  const [hidden, heads, feedForward, layers] = shape.split(',');
  return [
    `A BERT of ${layers} layers, hidden size ${hidden}, ${heads} heads, feed-forward size ${feedForward}, fresh weights, fp32, on T2Ranking’s queries and passages (passages cut to 400 characters, so that nothing is truncated). Both on ONNX Runtime’s CPU provider in batches of 32, tokenizing included: ours packs by length, transformers.js takes the given order and pads to the longest of each batch, as its examples do.`,
    table(
      [
        '',
        'ours, per second',
        'transformers.js, per second',
        'ratio',
        'ours opens in ms',
        'transformers.js',
        'ours MiB',
        'transformers.js MiB',
      ],
      rows.map(({ task, rows: count, by: { ours, transformers } }) => [
        `${task}, ${count} ${things[task]}`,
        number(ours.perSecond, 1),
        number(transformers.perSecond, 1),
        times(ours.perSecond / transformers.perSecond),
        number(ours.openMs),
        number(transformers.openMs),
        number(ours.peakMb),
        number(transformers.peakMb),
      ]),
    ),
    `Largest difference between the two, over the first 32: ${rows.map(({ task, largestDifference }) => `${task} ${largestDifference.toExponential(1)}`).join(', ')}.`,
  ];
}
