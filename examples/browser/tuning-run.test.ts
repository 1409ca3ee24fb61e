import { colbertParameters, linearProjection, ragRetrievalSettings } from '@rag/colbert/training';
import { embeddingParameters } from '@rag/embedding/training';
import { initializeParameters, type ParameterSpec } from '@rag/models';
import { classifierConfig, classifierParameters } from '@rag/reranker/training';
import { openTokenizer, wordPieceTokenizerJson } from '@rag/text';
import { describe, expect, it } from 'vitest';
import { smallBert } from '../fresh-bert.js';
import type { LabelledPair, Row, TuneProgress } from './protocol.js';
import type { TaskParts } from './tasks.js';
import { newRun, summaryOf, type TuningRun, trainRun } from './tuning-run.js';

const words = ['red', 'blue', 'cat', 'dog', 'moon', 'sun'];
const sizes = {
  hidden_size: 16,
  intermediate_size: 32,
  num_hidden_layers: 1,
  max_position_embeddings: 32,
  initializer_range: 0.2,
};
const { vocabulary, config: bare } = smallBert(words, sizes, { size: 100, minFrequency: 1 });
const dropout = { hidden_dropout_prob: 0.1 };
const encoder = { ...bare, ...dropout };
const tokenizerFiles = {
  'tokenizer.json': JSON.stringify(wordPieceTokenizerJson(vocabulary, { lowercase: true })),
};
const tokenizer = openTokenizer(tokenizerFiles);
const fresh = (parameters: readonly ParameterSpec[]) => ({
  tokenizerFiles,
  weights: initializeParameters(parameters, encoder, 3),
});
const head = { pooling: ['mean'], dense: [], normalize: true } as const;
const settings = ragRetrievalSettings(linearProjection(16, 8, true), 32);
const models: readonly TaskParts[] = [
  {
    task: 'reranker',
    config: { ...classifierConfig(bare), ...dropout },
    ...fresh(classifierParameters(classifierConfig(bare))),
  },
  { task: 'embedding', config: encoder, head, ...fresh(embeddingParameters(encoder, head)) },
  { task: 'colbert', config: encoder, settings, ...fresh(colbertParameters(encoder, settings)) },
];
const pairs: LabelledPair[] = Array.from({ length: 40 }, (_, i) => ({
  query: words[i % 6]!,
  content: `${words[(i * 5) % 6]} ${words[(i * 7 + 1) % 6]} ${words[i % 5]}`,
  label: i % 2 === Math.floor(i / 6) % 2 ? 1 : 0,
}));
const heldOut: Row[] = [{ query: 'cat', passages: ['red cat', 'blue dog', 'the moon'], labels: [1, 0, 0] }];

const start = (model: TaskParts, labelled = pairs): TuningRun =>
  newRun(
    model,
    tokenizer,
    'tiny',
    [],
    { pairs: labelled, marks: [], heldOut },
    { epochs: 2, learningRate: 5e-3 },
  );

/** Trains and gives what is kept at the end; stopped after so many updates, if any. */
async function train(run: TuningRun, until = Number.POSITIVE_INFINITY) {
  const seen: TuneProgress[] = [];
  let kept: TuningRun | undefined;
  const watch = {
    provider: 'wasm' as const,
    tokenizer,
    onProgress: (progress: TuneProgress) => seen.push(progress),
    isStopped: () => run.update >= until,
  };
  for await (const saved of trainRun(run, watch)) kept = structuredClone(saved);
  return { kept: kept!, seen };
}

describe.each(models.map((model) => [model.task, model] as const))('%s', (task, model) => {
  it('a run that is stopped, kept and gone on with ends as one that was not', async () => {
    const whole = await train(start(model));
    const perEpoch = task === 'reranker' ? 5 : 3;
    const updates = 2 * perEpoch;
    expect(summaryOf(whole.kept)).toMatchObject({ update: updates, updates, heldOutQueries: 1 });
    expect(whole.kept.losses).toHaveLength(updates);
    expect(whole.kept.heldOut.map(({ update }) => update)).toEqual([0, perEpoch, updates]);
    for (const { value } of whole.kept.heldOut) expect(value).toBeGreaterThan(0);
    expect(whole.seen.map(({ update }) => update)).toEqual([...Array(updates + 1).keys()]);
    const half = await train(start(model), 4);
    expect(half.kept.heldOut.at(-1)!.update).toBe(4);
    const on = await train(half.kept);
    expect(on.kept.losses).toEqual(whole.kept.losses);
    expect(on.kept.heldOut.filter(({ update }) => update !== 4)).toEqual(whole.kept.heldOut);
    expect(on.kept.model).toEqual(whole.kept.model);
    expect(on.kept.model.weights).not.toEqual(model.weights);
  });

  it('refuses labels that teach nothing', () => {
    const alike = pairs.filter(({ label }) => label === 0);
    expect(() => start(model, alike)).toThrow(/^labels: expected .*relevant.*, got .* — label a few/);
  });
});
