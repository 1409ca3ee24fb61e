import { afterAll, beforeAll, expect, test } from 'vitest';
import { batchOf, plan, trainingExam } from '../testing/training-exam.js';
import { TrainingSession } from './session.js';

// With the last session the device would go, and with it the shaders that are compiled.
let kept: TrainingSession;
beforeAll(async () => {
  kept = await open();
  await kept.inputs();
}, 120_000);
afterAll(() => kept.dispose());

trainingExam({ provider: 'webgpu' }, 1e-4);

const open = () => TrainingSession.create(plan(), { provider: 'webgpu' });
const weightsOf = async (session: TrainingSession) => {
  await session.synchronize();
  return session.weights().flatMap(({ data }) => Array.from(data as Float32Array));
};

test('trains two models at once, each with its own numbers', async () => {
  const run = async (session: TrainingSession, phase: number) => {
    const losses: number[] = [];
    for (let step = 0; step < 3; step++)
      losses.push((await session.trainStep(batchOf(4, phase + step), { learningRate: 1e-2 })).loss);
    const weights = await weightsOf(session);
    session.dispose();
    return { losses, weights };
  };
  const alone = [await run(await open(), 0), await run(await open(), 5)];
  const sessions = [await open(), await open()] as const;
  const together = await Promise.all([run(sessions[0], 0), run(sessions[1], 5)]);
  expect(together).toEqual(alone);
});

test('evaluates while it trains', async () => {
  const session = await open();
  await session.trainStep(batchOf(4, 0), { learningRate: 1e-2 });
  const [evaluated] = await Promise.all([
    session.evaluate(batchOf(4, 1)),
    session.trainStep(batchOf(4, 2), { learningRate: 1e-2 }),
  ]);
  expect(evaluated.weight).toBe(4);
  expect(Number.isFinite(evaluated.sum)).toBe(true);
  session.dispose();
});

test('says that the state must be read from the device before it is looked at', async () => {
  const session = await open();
  const initial = session.weights().length;
  await session.trainStep(batchOf(4, 0), { learningRate: 1e-2 });
  for (const look of ['weights', 'gradients', 'snapshot', 'checkpoint'] as const)
    expect(() => session[look]()).toThrow(
      'expected a state that was read from the device, got one that has changed there — await synchronize() before',
    );
  await session.synchronize();
  expect(session.weights()).toHaveLength(initial);
  expect(session.checkpoint().byteLength).toBeGreaterThan(0);
  session.dispose();
});
