import { readFileSync } from 'node:fs';
import { binaryCrossEntropy } from '@rag/losses';
import { architectures, type EncoderConfig, MODEL_TYPES, parseEncoderConfig } from '@rag/models';
import { compile, TrainingSession } from '@rag/runtime';
import { describe, expect, it } from 'vitest';
import { classifierConfig } from '../classifier-config.js';
import { CrossEncoder } from '../index.js';
import { tinyExamples, tinyTokenizer, tinyTokenizerFiles, tinyWeights } from '../testing/tiny.js';
import { collatePointwise, pairEncoder, rerankerObjective } from './index.js';

/** The tiny model of each type that @rag/models holds against transformers, with this dropout wherever it has one. */
function configOf(model_type: string, dropout: number): EncoderConfig {
  const file = new URL(`../../../models/src/fixtures/${model_type}/config.json`, import.meta.url);
  const json: Record<string, unknown> = JSON.parse(readFileSync(file, 'utf8'));
  for (const [key, value] of Object.entries(json))
    if (/dropout/.test(key) && typeof value === 'number') json[key] = dropout;
  return classifierConfig(parseEncoderConfig(json));
}

async function open(config: EncoderConfig) {
  const objective = rerankerObjective({ config, loss: { kind: 'pointwise', loss: binaryCrossEntropy } });
  const optimizer = { groupOf: () => ({ weightDecay: 0.01, rate: 1 }) };
  const plan = compile(objective, { initial: tinyWeights(config), optimizer });
  return TrainingSession.create(plan, { provider: 'cpu', threads: 1 });
}

const examples = tinyExamples(4);
const indices = examples.map((_, i) => i);
const largest = (a: Float32Array, b: Float32Array) =>
  a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);

describe.each(MODEL_TYPES)('%s', (model_type) => {
  it('trains, and serves what it has learnt', async () => {
    const config = configOf(model_type, 0);
    const session = await open(config);
    const encoder = pairEncoder(tinyTokenizer(), config, 20);
    const { batch } = collatePointwise({ examples, indices }, { encoder });
    const losses: number[] = [];
    for (let step = 0; step < 25; step++)
      losses.push((await session.trainStep(batch, { learningRate: 5e-3 })).loss);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! * 0.7);
    // Decoders are served by LLMDecoder, which writes pairs its own way.
    if (architectures[config.model_type].stages) return session.dispose();
    const logits = (await session.evaluate(batch)).outputs.logits!.data as Float32Array;
    const weights = new Map(
      session.weights().map(({ name, data }) => [name, Float32Array.from(data as Float32Array)]),
    );
    const model = await CrossEncoder.fromParts({ config, tokenizerFiles: tinyTokenizerFiles, weights });
    const pairs = examples.map(({ query, content }) => [query, content] as const);
    const scores = await model.computeScore(pairs, { maxLength: 20 });
    for (const [i, logit] of logits.entries()) expect(scores[i]).toBeCloseTo(logit, 4);
    model.dispose();
    session.dispose();
  });

  it('drops by place: packed and padded batches have the same gradients', async () => {
    const config = configOf(model_type, 0.2);
    const [packed, padded] = [await open(config), await open(config)];
    const encoder = pairEncoder(tinyTokenizer(), config, 20);
    const inputs = await packed.inputs();
    const run = async (session: TrainingSession, mode: 'packed' | 'padded', update: number) => {
      const dropout = { seed: 3, update, inputs };
      return (
        await session.accumulate(collatePointwise({ examples, indices }, { encoder, mode, dropout }).batch)
      ).sum;
    };
    const sum = await run(packed, 'packed', 5);
    expect(await run(padded, 'padded', 5)).toBeCloseTo(sum, 4);
    const theirs = padded.gradients();
    for (const [i, { name, data }] of packed.gradients().entries()) {
      const scale = Math.max(1, ...(data as Float32Array).map(Math.abs));
      expect(largest(data as Float32Array, theirs[i]!.data as Float32Array) / scale, name).toBeLessThan(1e-5);
    }
    expect(await run(padded, 'padded', 6)).not.toBeCloseTo(sum, 3);
    for (const session of [packed, padded]) session.dispose();
  });
});
