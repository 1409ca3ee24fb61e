import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { encoderConfigToJson, parseEncoderConfig } from '@rag/models';
import { compile, TrainingSession } from '@rag/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Embedding } from '../index.js';
import {
  collateContrastive,
  collateScored,
  type EmbeddingLoss,
  embeddingObjective,
  mrlHead,
  textEncoder,
} from './index.js';

interface Step {
  readonly loss: number;
  readonly gradients: Readonly<Record<string, readonly number[]>>;
  readonly loss_after: number;
}
/** What PyTorch computes; `written_by` says how. */
const golden: {
  readonly temperature: number;
  readonly learning_rate: number;
  readonly query_length: number;
  readonly passage_length: number;
  readonly dims: readonly number[];
  readonly queries: readonly string[];
  readonly positives: readonly string[];
  readonly negatives: readonly (readonly string[])[];
  readonly scores: readonly (readonly number[])[];
  readonly steps: Readonly<Record<string, Step>>;
} = JSON.parse(readFileSync(new URL('./fixtures/training-step.json', import.meta.url), 'utf8'));

let model: Embedding;
let weights: Map<string, Float32Array>;
beforeAll(async () => {
  model = await Embedding.fromPretrained(fileURLToPath(new URL('../fixtures/mean', import.meta.url)));
  weights = await model.readWeights();
});
afterAll(() => model.dispose());

/** The script's weights of a Dense: 0.3·sin(1 + 0.7·i + 1.3·j). */
const wave = (rows: number, columns: number) =>
  Float32Array.from({ length: rows * columns }, (_, at) => {
    const [i, j] = [Math.floor(at / columns), at % columns];
    return 0.3 * Math.sin(1 + 0.7 * i + 1.3 * j);
  });

const { temperature } = golden;
const at = { file: 'golden', line: 1 };
const indices = golden.queries.map((_, i) => i);
const contrastive = (negatives: boolean, taught = false) => ({
  indices,
  examples: golden.queries.map((query, i) => ({
    at,
    query,
    positive: golden.positives[i]!,
    negatives: negatives ? golden.negatives[i]! : [],
    ...(taught && { scores: golden.scores[i]! }),
  })),
});
const scored = {
  indices,
  examples: golden.queries.map((query, i) => ({
    at,
    query,
    contents: [golden.positives[i]!, ...golden.negatives[i]!],
    scores: golden.scores[i]!,
  })),
};

const cases: Record<string, EmbeddingLoss> = {
  triplets: { kind: 'in-batch', temperature },
  pairs: { kind: 'in-batch', temperature },
  matryoshka: { kind: 'in-batch', temperature, mrlDims: golden.dims },
  lists: { kind: 'scored', temperature },
  whole: { kind: 'scored', temperature, compat: true },
  kl_div: { kind: 'in-batch', temperature, distill: 'kl_div' },
  m3_kd_loss: { kind: 'in-batch', temperature, distill: 'm3_kd_loss' },
  'm3_kd_loss matryoshka': { kind: 'in-batch', temperature, distill: 'm3_kd_loss', mrlDims: golden.dims },
  products: { kind: 'in-batch', temperature: 1, normalize: false },
  'products matryoshka': { kind: 'in-batch', temperature: 1, normalize: false, mrlDims: golden.dims },
};
/** Those of FlagEmbedding, whose queries meet every passage of the batch. */
const meetsAll = (name: string, loss: EmbeddingLoss) =>
  name.startsWith('products') || (loss.kind === 'in-batch' && loss.distill !== undefined);

describe.each(Object.entries(cases))('%s: one step as in PyTorch', (name, loss) => {
  const whole = [['at once', {}]] as const;
  const chunks = [['by chunks', { chunkTokens: 20 }]] as const;
  it.each(meetsAll(name, loss) ? chunks : [...whole, ...chunks])('%s', async (_, chunking) => {
    const config = parseEncoderConfig({
      ...encoderConfigToJson(model.config),
      hidden_dropout_prob: 0,
      attention_probs_dropout_prob: 0,
    });
    const head = loss.mrlDims ? mrlHead(config, model.head, loss.mrlDims) : model.head;
    const gradCache = 'chunkTokens' in chunking;
    const plan = compile(embeddingObjective({ config, head, loss, gradCache }), {
      initial: (parameter, [rows, columns]) =>
        weights.get(parameter) ?? (columns === undefined ? wave(1, rows!) : wave(rows!, columns)),
      optimizer: {},
    });
    const session = await TrainingSession.create(plan, { provider: 'cpu', threads: 1 });
    const options = {
      queryEncoder: textEncoder(model.tokenizer, config, golden.query_length),
      passageEncoder: textEncoder(model.tokenizer, config, golden.passage_length),
      compat: true,
      ...chunking,
    };
    const { batch } =
      loss.kind === 'scored'
        ? collateScored(scored, options)
        : collateContrastive(contrastive(name !== 'pairs', loss.kind === 'in-batch' && !!loss.distill), {
            ...options,
            ...(meetsAll(name, loss) && { othersPositives: true }),
          });
    const expected = golden.steps[name]!;
    const { sum, weight } = await session.accumulate(batch);
    expect(sum / weight).toBeCloseTo(expected.loss, 5);
    const gradients = new Map(
      session.gradients().map((tensor) => [tensor.name, tensor.data as Float32Array]),
    );
    const largest = Math.max(...Object.values(expected.gradients).flat().map(Math.abs));
    for (const [parameter, numbers] of Object.entries(expected.gradients)) {
      const gradient = gradients.get(parameter)!;
      expect(gradient.length).toBe(numbers.length);
      expect(Math.max(...numbers.map(Math.abs))).toBeGreaterThan(1e-3);
      const worst = Math.max(...numbers.map((x, i) => Math.abs(gradient[i]! / weight - x)));
      expect(worst / largest, parameter).toBeLessThan(1e-5);
    }
    await session.update({ learningRate: golden.learning_rate });
    const after = await session.evaluate(batch);
    expect(after.sum / after.weight).toBeCloseTo(expected.loss_after, 5);
    session.dispose();
  });
});
