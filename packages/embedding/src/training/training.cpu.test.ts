import {
  type Batch,
  compile,
  genuineArtifacts,
  lossScale,
  type Objective,
  Tensor,
  TrainingSession,
} from '@rag/runtime';
import { openGenuine } from '@rag/runtime/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { tinyConfig, tinyWeights } from '../testing/tiny.js';
import { collateContrastive, embeddingObjective } from './index.js';
import {
  bareHead,
  droppingConfig,
  passageEncoder,
  queryEncoder,
  tinyContrastive,
} from './testing/examples.js';
import { contrastive, indices, lossCases } from './testing/loss-cases.js';

const encoders = { queryEncoder, passageEncoder };
const opened: TrainingSession[] = [];
afterEach(() => {
  for (const session of opened.splice(0)) session.dispose();
});

const planOf = (objective: Objective, config = tinyConfig()) =>
  compile(objective, {
    initial: tinyWeights(config),
    optimizer: { groupOf: () => ({ weightDecay: 0.01, rate: 1 }) },
  });
async function open(plan: ReturnType<typeof planOf>, threads = 1): Promise<TrainingSession> {
  const session = await TrainingSession.create(plan, { provider: 'cpu', threads });
  opened.push(session);
  return session;
}

const largest = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);

/** The largest difference of two sessions' gradients as a share of the largest gradient. */
function distance(ours: TrainingSession, theirs: TrainingSession): number {
  const expected = theirs.gradients();
  const scale = Math.max(
    ...expected.map(({ data }) => largest(data as Float32Array, new Float32Array(data.length))),
  );
  expect(scale).toBeGreaterThan(0.01);
  const got = new Map(ours.gradients().map(({ name, data }) => [name, data as Float32Array]));
  return Math.max(...expected.map(({ name, data }) => largest(got.get(name)!, data as Float32Array))) / scale;
}

const config = droppingConfig();

describe('GradCache gives the loss and the gradients of the whole batch, dropout included', () => {
  it.each(Object.entries(lossCases))('%s', async (_, { loss, head = bareHead, collate }) => {
    const objectives = [false, true].map((gradCache) =>
      embeddingObjective({ config, head, loss, gradCache }),
    ) as [Objective, Objective];
    const [whole, cached] = [
      await open(planOf(objectives[0], config)),
      await open(planOf(objectives[1], config)),
    ];
    const inputs = await whole.inputs();
    expect((await cached.inputs()).map(({ name }) => name).toSorted()).toEqual(
      inputs.map(({ name }) => name).toSorted(),
    );
    const dropout = { seed: 5, update: 3, inputs };
    const start = cached.snapshot();
    const expected = await whole.accumulate(collate({ ...encoders, dropout }).batch);
    expect(expected.weight).toBeGreaterThan(0);
    for (const chunkTokens of [1, 20, 40, 10_000]) {
      const { batch } = collate({ ...encoders, dropout, chunkTokens });
      const result = await cached.accumulate(batch);
      expect(result.sum / result.weight).toBeCloseTo(expected.sum / expected.weight, 4);
      expect(result.weight).toBe(expected.weight);
      expect(distance(cached, whole), `chunks of ${chunkTokens}`).toBeLessThan(1e-5);
      cached.restore(start);
    }
    const layered = await open(
      planOf(embeddingObjective({ config, head, loss, gradCache: true, layerSplit: true }), config),
    );
    for (const chunks of [{}, { chunkTokens: 20 }]) {
      const result = await layered.accumulate(collate({ ...encoders, dropout, ...chunks }).batch);
      expect(result.sum / result.weight).toBeCloseTo(expected.sum / expected.weight, 4);
      expect(distance(layered, whole), 'cut between layers').toBeLessThan(1e-5);
      layered.restore(start);
    }
    const evaluated = await whole.evaluate(collate(encoders).batch);
    expect(evaluated.sum).not.toBeCloseTo(expected.sum, 3);
    for (const session of [cached, layered]) {
      const chunked = await session.evaluate(collate({ ...encoders, chunkTokens: 30 }).batch);
      expect(chunked.sum / chunked.weight).toBeCloseTo(evaluated.sum / evaluated.weight, 4);
    }
  });

  it('differs where dropout does', async () => {
    const objective = embeddingObjective({
      config,
      head: bareHead,
      loss: { kind: 'in-batch' },
      gradCache: true,
    });
    const [one, other] = [await open(planOf(objective, config)), await open(planOf(objective, config))];
    const inputs = await one.inputs();
    const at = (update: number) =>
      contrastive({ ...encoders, dropout: { seed: 5, update, inputs }, chunkTokens: 40 }).batch;
    await one.accumulate(at(3));
    await other.accumulate(at(4));
    expect(distance(other, one)).toBeGreaterThan(1e-2);
  });
});

const plain = embeddingObjective({ config: tinyConfig(), head: bareHead, loss: { kind: 'in-batch' } });
const rows = tinyContrastive(40, 2);
const batchAt = (step: number, options: { mode?: 'packed' | 'padded' } = {}): Batch => {
  const from = (step * 4) % 36;
  const examples = rows.slice(from, from + 4);
  const { batch } = collateContrastive({ examples, indices }, { ...encoders, ...options });
  return batch as Batch;
};

describe('an embedding model', () => {
  it('trains 20 steps as on the genuine training runtime', async () => {
    const plan = planOf(plain);
    const session = await open(plan);
    const genuine = await (await openGenuine()).createSession(genuineArtifacts(plan));
    for (let step = 0; step < 20; step++) {
      const batch = batchAt(step);
      const scale = new Tensor('float32', [], Float32Array.of(1 / 4));
      const theirs = await genuine.trainStep({ ...batch, [lossScale]: scale });
      await genuine.optimizerStep();
      await genuine.lazyResetGrad();
      const ours = await session.trainStep(batch, { learningRate: 1e-3 });
      expect(Math.abs(ours.loss - Number(theirs.loss!.data[0]))).toBeLessThan(1e-4);
    }
    const theirs = await genuine.parameters();
    let at = 0;
    for (const { name, data } of session.weights()) {
      const ours = data as Float32Array;
      // Softmax does not change when all its inputs shift: a key bias has no true gradient, and Adam amplifies its noise.
      if (!name.endsWith('key.bias'))
        expect(largest(ours, theirs.slice(at, at + ours.length)), name).toBeLessThan(2e-4);
      at += ours.length;
    }
    expect(at).toBe(theirs.length);
    await genuine.dispose();
  });

  it('learns by chunks', async () => {
    const objective = embeddingObjective({
      config: tinyConfig(),
      head: bareHead,
      loss: { kind: 'in-batch' },
      gradCache: true,
    });
    const session = await open(planOf(objective));
    const { batch } = collateContrastive(
      { examples: rows.slice(0, 8), indices },
      { ...encoders, chunkTokens: 60 },
    );
    const losses: number[] = [];
    for (let step = 0; step < 30; step++)
      losses.push((await session.trainStep(batch, { learningRate: 3e-3 })).loss);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 4);
    expect((await session.evaluate(batch)).sum / 8).toBeLessThan(losses[0]! / 4);
  });

  it('has the loss of padded batches from packed ones', async () => {
    const session = await open(planOf(plain));
    const [packed, padded] = [
      await session.evaluate(batchAt(1)),
      await session.evaluate(batchAt(1, { mode: 'padded' })),
    ];
    expect(packed.sum).toBeCloseTo(padded.sum, 4);
  });

  it('leaves repeated examples out of the loss', async () => {
    const session = await open(planOf(plain));
    const examples = rows.slice(0, 3);
    const filled = [...examples, ...rows.slice(7, 9)];
    const [short, long] = [
      await session.evaluate(collateContrastive({ examples, indices }, encoders).batch),
      await session.evaluate(collateContrastive({ examples: filled, indices, repeated: 2 }, encoders).batch),
    ];
    expect(long.weight).toBe(3);
    expect(long.sum).toBeCloseTo(short.sum, 4);
  });
});
