import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  type EncoderConfig,
  frozenStorage,
  initializeLora,
  isLoraParameter,
  type LoraConfig,
  loraLayers,
  type ParameterStorage,
  packParameter,
  type StoredTensor,
} from '@rag/models';
import { compile, TrainingSession } from '@rag/runtime';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddingHead } from '../embedding-head.js';
import { Embedding } from '../index.js';
import { tinyConfig, tinyWeights } from '../testing/tiny.js';
import {
  collateContrastive,
  type EmbeddingLoss,
  embeddingObjective,
  embeddingParameters,
  mrlHead,
  textEncoder,
} from './index.js';
import { bareHead, passageEncoder, queryEncoder } from './testing/examples.js';
import { lossCases } from './testing/loss-cases.js';

const opened: TrainingSession[] = [];
afterEach(() => {
  for (const session of opened.splice(0)) session.dispose();
});

interface Learning {
  readonly config: EncoderConfig;
  readonly head: EmbeddingHead;
  readonly loss: EmbeddingLoss;
  readonly initial: (name: string, shape: readonly number[]) => Float32Array;
  readonly lora?: LoraConfig;
  /** Of the frozen matrices. */
  readonly storage?: ParameterStorage;
}

/** A session that trains all weights, or low-rank adapters and the Dense modules beside frozen ones. */
async function open(
  { config, head, loss, initial, lora, storage = 'float32' }: Learning,
  cuts: { readonly gradCache?: boolean; readonly layerSplit?: boolean } = {},
): Promise<TrainingSession> {
  const isTrained = (name: string) => !lora || isLoraParameter(name) || name.startsWith('2_Dense.');
  const stored = frozenStorage(storage, isTrained);
  const packed = new Map<string, StoredTensor>();
  if (storage !== 'float32')
    for (const { name, shape } of embeddingParameters(config, head))
      for (const part of packParameter(name, shape, initial(name, shape), stored(name, shape)))
        if (stored(name, shape) !== 'float32') packed.set(part.name, part);
  const objective = embeddingObjective({
    ...{ config, head, loss, ...cuts },
    ...(lora && {
      parameters: (dropout, { first_token }) => ({
        storage: stored,
        lora: loraLayers(lora, { dropout, first_token }),
      }),
    }),
  });
  const plan = compile(objective, {
    initial,
    resident: (name) => packed.get(name),
    trainable: isTrained,
    optimizer: {},
  });
  const session = await TrainingSession.create(plan, { provider: 'cpu', threads: 1 });
  opened.push(session);
  return session;
}

const gradientsOf = (session: TrainingSession) =>
  new Map(session.gradients().map(({ name, data }) => [name, data as Float32Array]));
const largest = (values: Iterable<number>): number => {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
};

describe('a decoder as in PyTorch', () => {
  interface Step {
    readonly loss: number;
    readonly gradients: Readonly<Record<string, readonly number[]>>;
  }
  /** `written_by` says how. */
  const golden: {
    readonly temperature: number;
    readonly dims: readonly number[];
    readonly rank: number;
    readonly scaling: number;
    readonly adapted: readonly string[];
    readonly query_length: number;
    readonly passage_length: number;
    readonly queries: readonly string[];
    readonly positives: readonly string[];
    readonly negatives: readonly (readonly string[])[];
    readonly steps: { readonly [Trained in 'weights' | 'adapters']: Step };
  } = JSON.parse(readFileSync(new URL('./fixtures/decoder-step.json', import.meta.url), 'utf8'));
  let model: Embedding;
  let weights: Map<string, Float32Array>;
  beforeAll(async () => {
    model = await Embedding.fromPretrained(
      fileURLToPath(new URL('../fixtures/qwen3-embedding', import.meta.url)),
    );
    weights = await model.readWeights();
  });
  afterAll(() => model.dispose());

  /** The script's weights of a Dense and of adapters: 0.3·sin(1 + 0.7·i + 1.3·j). */
  const wave = (rows: number, columns: number) =>
    Float32Array.from(
      { length: rows * columns },
      (_, at) => 0.3 * Math.sin(1 + 0.7 * Math.floor(at / columns) + 1.3 * (at % columns)),
    );

  describe.each(['weights', 'adapters'] as const)('%s', (trained) => {
    it.each([
      ['at once', {}],
      ['by chunks', { gradCache: true }],
      ['layer by layer', { layerSplit: true }],
      ['by chunks, layer by layer', { gradCache: true, layerSplit: true }],
    ])('%s', async (_, cuts: { readonly gradCache?: boolean; readonly layerSplit?: boolean }) => {
      const { config } = model;
      const head = mrlHead(config, model.head, golden.dims);
      const lora = {
        r: golden.rank,
        lora_alpha: golden.rank * golden.scaling,
        target_modules: golden.adapted,
      };
      const session = await open(
        {
          ...{ config, head, ...(trained === 'adapters' && { lora }) },
          loss: { kind: 'in-batch', temperature: golden.temperature, mrlDims: golden.dims },
          initial: (name, [rows, columns]) =>
            weights.get(name) ?? (columns === undefined ? wave(1, rows!) : wave(rows!, columns)),
        },
        cuts,
      );
      const { batch } = collateContrastive(
        {
          examples: golden.queries.map((query, i) => ({
            at: { file: 'golden', line: 1 },
            query,
            positive: golden.positives[i]!,
            negatives: golden.negatives[i]!,
          })),
          indices: golden.queries.map((_, i) => i),
        },
        {
          queryEncoder: textEncoder(model.tokenizer, config, golden.query_length),
          passageEncoder: textEncoder(model.tokenizer, config, golden.passage_length),
          compat: true,
          ...(cuts.gradCache && { chunkTokens: 20 }),
        },
      );
      const expected = golden.steps[trained];
      const { sum, weight } = await session.accumulate(batch);
      expect(sum / weight).toBeCloseTo(expected.loss, 5);
      const gradients = gradientsOf(session);
      if (trained === 'adapters')
        expect([...gradients.keys()].toSorted()).toEqual(Object.keys(expected.gradients).toSorted());
      const rows = gradients.get('embed_tokens.weight');
      if (rows) gradients.set('embed_tokens.weight', sumOfRows(rows, config));
      const most = largest(Object.values(expected.gradients).flat());
      for (const [name, numbers] of Object.entries(expected.gradients)) {
        const gradient = gradients.get(name)!;
        expect(gradient.length).toBe(numbers.length);
        expect(largest(numbers)).toBeGreaterThan(1e-3);
        expect(largest(numbers.map((x, i) => gradient[i]! / weight - x)) / most, name).toBeLessThan(1e-5);
      }
    });
  });
});

/**
 * The sum over the vocabulary, which the file has: without the padding token, here also the one that closes texts, whose row PyTorch's
 * Embedding leaves as it is (`padding_idx`) and this package trains.
 */
function sumOfRows(rows: Float32Array, { hidden_size, pad_token_id }: EncoderConfig): Float32Array {
  const sum = new Float32Array(hidden_size);
  for (const [at, x] of rows.entries())
    if (Math.floor(at / hidden_size) !== pad_token_id) sum[at % hidden_size]! += x;
  return sum;
}

/** Two layers with dropout, which pool the last token. */
const config = (() => {
  const { vocab_size } = tinyConfig();
  return tinyConfig({
    ...{ model_type: 'qwen3', architectures: ['Qwen3Model'], vocab_size, num_hidden_layers: 2, head_dim: 8 },
    ...{ num_key_value_heads: 1, hidden_act: 'silu', rms_norm_eps: 1e-6, attention_dropout: 0.2 },
  });
})();
const lora: LoraConfig = { r: 2, lora_alpha: 4, lora_dropout: 0.2, target_modules: 'all-linear' };

describe('every loss of low-rank adapters beside frozen weights, in chunks and layer by layer, is that of the whole', () => {
  it.each(Object.entries(lossCases).map((entry, i) => [...entry, i] as const))(
    '%s',
    async (_, { loss, head = bareHead, collate }, i) => {
      const weights = tinyWeights(config);
      const storage = (['int4', 'float16', 'int8'] as const)[i % 3];
      const learning = {
        ...{ config, loss, lora, storage, head: { ...head, pooling: ['lasttoken'] } as const },
        // With B at zero, where adapters start, A would have no gradient.
        initial: (name: string, shape: readonly number[]) =>
          name.endsWith('.lora_A.weight') ? initializeLora({ name, shape }, 7) : weights(name, shape),
      };
      const whole = await open(learning);
      const inputs = await whole.inputs();
      const options = { queryEncoder, passageEncoder, dropout: { seed: 5, update: 3, inputs } };
      const expected = await whole.accumulate(collate(options).batch);
      const gradients = gradientsOf(whole);
      expect([...gradients.keys()].filter((name) => !isLoraParameter(name))).toEqual(
        head.dense.flatMap(({ name }) => [`${name}.linear.weight`, `${name}.linear.bias`]),
      );
      // Seven matrices of each of two layers.
      expect([...gradients.keys()].filter(isLoraParameter)).toHaveLength(28);
      for (const [name, gradient] of gradients) expect(largest(gradient), name).toBeGreaterThan(0);
      const most = largest([...gradients.values()].map(largest));
      const split = await open(learning, { gradCache: true, layerSplit: true });
      const frozen = JSON.stringify([...split.weights()].filter(({ name }) => !gradients.has(name)));
      const result = await split.accumulate(collate({ ...options, chunkTokens: 20 }).batch);
      expect(result.sum / result.weight).toBeCloseTo(expected.sum / expected.weight, 4);
      for (const [name, gradient] of gradientsOf(split))
        expect(largest(gradient.map((x, at) => x - gradients.get(name)![at]!)) / most, name).toBeLessThan(
          1e-5,
        );
      await split.update({ learningRate: 1e-2 });
      expect(JSON.stringify([...split.weights()].filter(({ name }) => !gradients.has(name)))).toBe(frozen);
    },
  );
});
