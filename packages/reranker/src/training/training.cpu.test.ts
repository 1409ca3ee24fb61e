import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binaryCrossEntropy, groupSoftmax } from '@rag/losses';
import { compile, genuineArtifacts, lossScale, Tensor, TrainingSession } from '@rag/runtime';
import { openGenuine } from '@rag/runtime/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { CrossEncoder } from '../index.js';
import { tinyConfig, tinyExamples, tinyTokenizer, tinyTokenizerFiles, tinyWeights } from '../testing/tiny.js';
import { collateGroups, collatePointwise, pairEncoder, rerankerObjective } from './index.js';

const directory = mkdtempSync(join(tmpdir(), 'reranker-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const config = tinyConfig();
const encoder = pairEncoder(tinyTokenizer(), config, 32);
const objective = rerankerObjective({ config, loss: { kind: 'pointwise', loss: binaryCrossEntropy } });
const oneGroup = { groupOf: () => ({ weightDecay: 0.01, rate: 1 }) };
const plan = compile(objective, { initial: tinyWeights(config), optimizer: oneGroup });
const open = () => TrainingSession.create(plan, { provider: 'cpu', threads: 2 });

function batchAt(step: number, rows = 4, mode: 'packed' | 'padded' = 'packed') {
  const examples = tinyExamples(64)
    .slice((step * rows) % 60)
    .slice(0, rows);
  return collatePointwise({ examples, indices: examples.map((_, i) => step * rows + i) }, { encoder, mode })
    .batch;
}

const weightsOf = (session: TrainingSession) =>
  new Map(session.weights().map(({ name, data }) => [name, Float32Array.from(data as Float32Array)]));
const largest = (a: Float32Array, b: Float32Array) =>
  a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);

describe('a BERT cross-encoder', () => {
  it('trains 20 steps as on the genuine training runtime', async () => {
    const session = await open();
    const files = genuineArtifacts(plan);
    const genuine = await (await openGenuine()).createSession(files);
    for (let step = 0; step < 20; step++) {
      const batch = batchAt(step);
      const scale = new Tensor('float32', [], Float32Array.of(1 / 4));
      const theirs = await genuine.trainStep({ ...batch, [lossScale]: scale });
      await genuine.optimizerStep();
      await genuine.lazyResetGrad();
      const ours = await session.trainStep(batch, { learningRate: 1e-3 });
      expect(Math.abs(ours.loss - Number(theirs.loss!.data[0]))).toBeLessThan(1e-5);
    }
    const theirs = await genuine.parameters();
    let at = 0;
    for (const [name, ours] of weightsOf(session)) {
      // Softmax does not change when all its inputs shift: a key bias has no true gradient, and Adam amplifies its noise.
      if (!name.endsWith('key.bias'))
        expect(largest(ours, theirs.slice(at, at + ours.length)), name).toBeLessThan(1e-4);
      at += ours.length;
    }
    expect(at).toBe(theirs.length);
    await genuine.dispose();
    session.dispose();
  });

  it('scores the same after training and after reload, and reranks', async () => {
    const session = await open();
    const losses: number[] = [];
    for (let step = 0; step < 20; step++)
      losses.push((await session.trainStep(batchAt(0), { learningRate: 5e-3 })).loss);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
    const trained = await CrossEncoder.fromParts({
      config,
      tokenizerFiles: tinyTokenizerFiles,
      weights: weightsOf(session),
    });
    const pairs = tinyExamples(9).map(({ query, content }) => [query, content] as const);
    const scores = await trained.computeScore(pairs);
    await trained.savePretrained(join(directory, 'model'));
    const reloaded = await CrossEncoder.fromPretrained(join(directory, 'model'));
    expect(await reloaded.computeScore(pairs)).toEqual(scores);
    expect(await reloaded.computeScore(pairs[3]!)).toBeCloseTo(scores[3]!, 5);
    const ranked = await reloaded.rerank(
      pairs[0]![0],
      pairs.map(([, passage]) => passage),
      { topK: 3 },
    );
    expect(ranked).toHaveLength(3);
    expect(ranked.map(({ score }) => score)).toEqual(
      ranked.map(({ score }) => score).toSorted((a, b) => b - a),
    );
    for (const { index, text } of ranked) expect(text).toBe(pairs[index]![1]);
    const logits = (await session.evaluate(batchAt(0))).outputs.logits!.data as Float32Array;
    const examples = tinyExamples(4).map(({ query, content }) => [query, content] as const);
    const direct = await reloaded.computeScore(examples, { maxLength: 32 });
    for (const [i, logit] of logits.entries()) expect(direct[i]).toBeCloseTo(logit, 5);
    for (const model of [trained, reloaded]) model.dispose();
    session.dispose();
  });

  it('gives padded batches the scores and gradients of packed ones', async () => {
    const [packed, padded] = [await open(), await open()];
    const [a, b] = [await packed.accumulate(batchAt(2)), await padded.accumulate(batchAt(2, 4, 'padded'))];
    expect(
      largest(a.outputs.logits!.data as Float32Array, b.outputs.logits!.data as Float32Array),
    ).toBeLessThan(1e-5);
    const [ours, theirs] = [packed.gradients(), padded.gradients()];
    for (const [i, { name, data }] of ours.entries())
      expect(largest(data as Float32Array, theirs[i]!.data as Float32Array), name).toBeLessThan(1e-5);
    packed.dispose();
    padded.dispose();
  });

  it('gives the same gradient whether or not the pairs leave padding', async () => {
    const long = tinyExamples(2).map((example) => ({
      ...example,
      content: 'the cat sat in the red sun . '.repeat(9),
    }));
    const short = tinyExamples(1);
    const [full, loose] = [await open(), await open()];
    const collated = collatePointwise({ examples: long, indices: [0, 1] }, { encoder });
    expect(collated.realTokens).toBe(2 * encoder.maxLength);
    await full.accumulate(collated.batch);
    // The short pair counts nothing; it only brings padding.
    const mixed = { examples: [...long, ...short], indices: [0, 1, 2], repeated: 1 };
    await loose.accumulate(collatePointwise(mixed, { encoder }).batch);
    const theirs = loose.gradients();
    for (const [i, { name, data }] of full.gradients().entries())
      expect(largest(data as Float32Array, theirs[i]!.data as Float32Array), name).toBeLessThan(1e-5);
    full.dispose();
    loose.dispose();
  });

  it('gives the gradient of whole groups from unequal micro-batches, with dropout by place', async () => {
    const dropping = tinyConfig({ hidden_dropout_prob: 0.3, attention_probs_dropout_prob: 0.2 });
    const grouped = compile(
      rerankerObjective({ config: dropping, loss: { kind: 'group', loss: groupSoftmax } }),
      {
        initial: tinyWeights(dropping),
        optimizer: {},
      },
    );
    const [whole, parts] = await Promise.all(
      [grouped, grouped].map((p) => TrainingSession.create(p, { provider: 'cpu', threads: 1 })),
    );
    const inputs = await whole!.inputs();
    const groups = Array.from({ length: 5 }, (_, g) => {
      const rows = tinyExamples(40).slice(g * 4, g * 4 + 3);
      return {
        at: rows[0]!.at,
        query: rows[0]!.query,
        contents: rows.map(({ content }) => content),
        labels: [1, 0, 0],
      };
    });
    const collated = (from: number, to: number) =>
      collateGroups(
        { examples: groups.slice(from, to), indices: groups.map((_, g) => g).slice(from, to) },
        { encoder, dropout: { seed: 3, update: 11, inputs } },
      ).batch;
    const result = await whole!.accumulate(collated(0, 5));
    const sums = [await parts!.accumulate(collated(0, 1)), await parts!.accumulate(collated(1, 5))];
    expect(sums.map(({ weight }) => weight)).toEqual([1, 4]);
    expect(sums[0]!.sum + sums[1]!.sum).toBeCloseTo(result.sum, 5);
    for (const [i, { name, data }] of whole!.gradients().entries())
      expect(largest(data as Float32Array, parts!.gradients()[i]!.data as Float32Array), name).toBeLessThan(
        1e-5,
      );
    const other = await whole!.accumulate(
      collateGroups(
        { examples: groups, indices: [0, 1, 2, 3, 4] },
        { encoder, dropout: { seed: 3, update: 12, inputs } },
      ).batch,
    );
    expect(other.sum).not.toBeCloseTo(result.sum, 3);
    whole!.dispose();
    parts!.dispose();
  });
});
