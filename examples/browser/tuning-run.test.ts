import { initializeParameters } from '@rag/models';
import { classifierConfig, classifierParameters } from '@rag/reranker/training';
import { wordPieceTokenizerJson } from '@rag/text';
import { expect, it } from 'vitest';
import { smallBert } from '../fresh-bert.js';
import type { LabelledPair, Row, TuneProgress } from './protocol.js';
import { newRun, summaryOf, type TuningRun, trainRun } from './tuning-run.js';

const words = ['red', 'blue', 'cat', 'dog', 'moon', 'sun'];
const sizes = {
  hidden_size: 16,
  intermediate_size: 32,
  num_hidden_layers: 1,
  max_position_embeddings: 32,
  initializer_range: 0.2,
};
const { vocabulary, config: encoder } = smallBert(words, sizes, { size: 100, minFrequency: 1 });
const config = { ...classifierConfig(encoder), hidden_dropout_prob: 0.1 };
const pairs: LabelledPair[] = Array.from({ length: 20 }, (_, i) => ({
  query: words[i % 6]!,
  content: `${words[(i * 5) % 6]} ${words[(i * 7 + 1) % 6]}`,
  label: i % 3 === 0 ? 1 : 0,
}));
const heldOut: Row[] = [{ query: 'cat', passages: ['red cat', 'blue dog', 'the moon'], labels: [1, 0, 0] }];

const start = (labelled = pairs): TuningRun =>
  newRun(
    {
      config,
      tokenizerFiles: {
        'tokenizer.json': JSON.stringify(wordPieceTokenizerJson(vocabulary, { lowercase: true })),
      },
      weights: initializeParameters(classifierParameters(config), config, 3),
    },
    'tiny',
    [],
    { pairs: labelled, marks: [], heldOut },
    { epochs: 3, learningRate: 5e-3 },
  );

/** Trains and gives what is kept at the end; stopped after so many updates, if any. */
async function train(run: TuningRun, until = Number.POSITIVE_INFINITY) {
  const seen: TuneProgress[] = [];
  let kept: TuningRun | undefined;
  const watch = {
    provider: 'wasm' as const,
    onProgress: (progress: TuneProgress) => seen.push(progress),
    isStopped: () => run.update >= until,
  };
  for await (const saved of trainRun(run, watch)) kept = structuredClone(saved);
  return { kept: kept!, seen };
}

it('a run that is stopped, kept and gone on with ends as one that was not', async () => {
  const whole = await train(start());
  expect(summaryOf(whole.kept)).toMatchObject({ update: 9, updates: 9, heldOutQueries: 1 });
  expect(whole.kept.losses).toHaveLength(9);
  expect(whole.kept.heldOut.map(({ update }) => update)).toEqual([0, 3, 6, 9]);
  for (const { value } of whole.kept.heldOut) expect(value).toBeGreaterThan(0);
  expect(whole.seen.map(({ update }) => update)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const half = await train(start(), 4);
  expect(half.kept.update).toBe(4);
  const on = await train(half.kept);
  expect(on.kept.losses).toEqual(whole.kept.losses);
  expect(on.kept.heldOut).toEqual(whole.kept.heldOut);
  expect(on.kept.weights).toEqual(whole.kept.weights);
  expect(on.kept.weights).not.toEqual(start().weights);
});

it('labels of one kind teach nothing', async () => {
  await expect(train(start(pairs.filter(({ label }) => label === 0)))).rejects.toThrow(
    'labels: expected relevant and not relevant passages, got one kind alone',
  );
});
