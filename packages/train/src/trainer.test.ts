import { expect, test } from 'vitest';
import { schedule } from './schedule.js';
import {
  type StepEvent,
  Trainer,
  type TrainerOptions,
  type TrainerSession,
  type TrainingTask,
} from './trainer.js';

/** Batches named by epoch and place, of growing token counts, each with loss = its place and weight 2. */
function fixture(batchesPerEpoch: number, options: Partial<TrainerOptions> = {}) {
  const log: string[] = [];
  const steps: StepEvent[] = [];
  const places: [epoch: number, batch: number, update: number][] = [];
  let last = -1;
  let clock = 0;
  const session: TrainerSession = {
    accumulate: async (batch) => {
      last = Number(Object.keys(batch!)[0]!.split('.')[1]);
      log.push(Object.keys(batch!)[0]!);
      clock += 500;
      return { sum: 2 * last, weight: 2, outputs: {} };
    },
    update: async ({ learningRate }) => {
      log.push(`update ${learningRate.toFixed(2)}`);
      return { loss: last, weight: 2, gradientNorm: 3 };
    },
  };
  const task: TrainingTask = {
    batchesPerEpoch,
    async *batches(epoch, updateOf, from) {
      for (let batch = from; batch < batchesPerEpoch; batch++) {
        places.push([epoch, batch, updateOf(batch)]);
        yield { batch: { [`${epoch}.${batch}`]: undefined as never }, tokens: 10 };
      }
    },
  };
  const trainer = new Trainer(session, task, {
    epochs: 2,
    accumulation: 2,
    learningRate: 1,
    schedule: (total) => schedule({ decay: 'linear', total, warmup: 0 }),
    onStep: (event) => steps.push(event),
    onEpochEnd: async ({ epoch, update, meanLoss }) => {
      log.push(`epoch ${epoch} after ${update}: ${meanLoss}`);
      clock += 60_000;
    },
    now: () => clock,
    ...options,
  });
  return { trainer, log, steps, places, session, task };
}

test('accumulates, updates once more for what is left of an epoch, and follows the schedule', async () => {
  const { trainer, log } = fixture(3);
  expect(trainer.totalUpdates).toBe(4);
  const result = await trainer.run();
  expect(log).toEqual([
    ...['0.0', '0.1', 'update 1.00', '0.2', 'update 0.75', 'epoch 0 after 2: 1'],
    ...['1.0', '1.1', 'update 0.50', '1.2', 'update 0.25', 'epoch 1 after 4: 1'],
  ]);
  expect(result).toEqual({ updates: 4, tokens: 60, seconds: 3, meanLoss: 1 });
});

test('a batch in several parts is one batch', async () => {
  const { session, task, log } = fixture(3);
  const whole = task.batches.bind(task);
  const parted: TrainingTask = {
    ...task,
    async *batches(...place) {
      for await (const taken of whole(...place)) yield { ...taken, more: [taken.batch, taken.batch] };
    },
  };
  const options = { epochs: 1, accumulation: 2, learningRate: 1, schedule: () => () => 1 };
  const result = await new Trainer(session, parted, options).run();
  expect(result).toMatchObject({ updates: 2, tokens: 30, meanLoss: 1 });
  expect(log).toEqual([
    ...['0.0', '0.0', '0.0', '0.1', '0.1', '0.1', 'update 1.00'],
    ...['0.2', '0.2', '0.2', 'update 1.00'],
  ]);
});

test('tells of every update: losses, rate, norm, pace and time left, without the time of saving', async () => {
  const { trainer, steps } = fixture(3);
  await trainer.run();
  expect(steps.map(({ update, epoch, loss, meanLoss }) => [update, epoch, loss, meanLoss])).toEqual([
    [1, 0, 1, 0.5],
    [2, 0, 2, 1],
    [3, 1, 1, 0.5],
    [4, 1, 2, 1],
  ]);
  expect(steps[0]).toMatchObject({
    totalUpdates: 4,
    epochs: 2,
    learningRate: 1,
    gradientNorm: 3,
    tokens: 20,
  });
  expect(steps.map(({ tokensPerSecond }) => tokensPerSecond)).toEqual([20, 20, 20, 20]);
  expect(steps.map(({ secondsLeft }) => secondsLeft)).toEqual([3, 1.5, 2.5 / 3, 0]);
});

test('tells the task which update a batch belongs to', async () => {
  const { trainer, places } = fixture(3);
  await trainer.run();
  expect(places).toEqual([
    ...[
      [0, 0, 0],
      [0, 1, 0],
      [0, 2, 1],
    ],
    ...[
      [1, 0, 2],
      [1, 1, 2],
      [1, 2, 3],
    ],
  ]);
});

test('stops after the update in progress when asked to, and closes the batches', async () => {
  const control = new AbortController();
  const { trainer, log, task } = fixture(4, {
    signal: control.signal,
    onStep: ({ update }) => update === 1 && control.abort(new Error('enough')),
  });
  let closed = false;
  const inner = task.batches.bind(task);
  Object.assign(task, {
    async *batches(...args: Parameters<TrainingTask['batches']>) {
      try {
        yield* inner(...args);
      } finally {
        closed = true;
      }
    },
  });
  await expect(trainer.run()).rejects.toThrow('enough');
  expect(log).toEqual(['0.0', '0.1', 'update 1.00']);
  expect(closed).toBe(true);
});

test('hands on what the session or the data throws, once', async () => {
  const { trainer, session } = fixture(2);
  Object.assign(session, {
    accumulate: async () => {
      throw new Error('no memory');
    },
  });
  await expect(trainer.run()).rejects.toThrow('no memory');
  const { trainer: other, task } = fixture(2);
  Object.assign(task, {
    // biome-ignore lint/correctness/useYield: fails before its first batch
    async *batches() {
      throw new Error('bad row');
    },
  });
  await expect(other.run()).rejects.toThrow('bad row');
});

test('a skipped update counts towards the run, not towards the schedule and the means', async () => {
  const { session, task } = fixture(3);
  let asked = 0;
  const rates: number[] = [];
  const steps: StepEvent[] = [];
  const skipping: TrainerSession = {
    accumulate: async (batch) => {
      const result = await session.accumulate(batch);
      return asked === 1 ? { ...result, sum: Number.NaN } : result;
    },
    update: async (options) => {
      rates.push(options.learningRate);
      const result = await session.update(options);
      return ++asked === 2
        ? { ...result, loss: Number.NaN, gradientNorm: Number.NaN, skipped: true, lossScale: 32768 }
        : { ...result, lossScale: 65536 };
    },
  };
  const result = await new Trainer(skipping, task, {
    ...{ epochs: 2, accumulation: 2, learningRate: 1 },
    schedule: (total) => schedule({ decay: 'linear', total, warmup: 0 }),
    onStep: (event) => steps.push(event),
  }).run();
  expect(rates).toEqual([1, 0.75, 0.75, 0.5]);
  expect(result).toMatchObject({ updates: 4, skippedUpdates: 1, meanLoss: 1 });
  expect(
    steps.map(({ update, meanLoss, skipped, lossScale }) => [update, meanLoss, skipped, lossScale]),
  ).toEqual([
    [1, 0.5, undefined, 65536],
    [2, 0.5, true, 32768],
    [3, 0.5, undefined, 65536],
    [4, 1, undefined, 65536],
  ]);
});

test('goes on from every position as the run that was not interrupted', async () => {
  const whole = fixture(3);
  const result = await whole.trainer.run();
  for (let stop = 1; stop <= 4; stop++) {
    const control = new AbortController();
    const cut = fixture(3, {
      signal: control.signal,
      afterStep: async ({ update }) => {
        if (update === stop) control.abort(new Error('enough'));
      },
    });
    await expect(cut.trainer.run()).rejects.toThrow('enough');
    expect(cut.log).toEqual(whole.log.slice(0, cut.log.length));
    const position = JSON.parse(JSON.stringify(cut.trainer.position));
    const rest = fixture(3, { from: position });
    expect(await rest.trainer.run()).toEqual(result);
    expect([...cut.log, ...rest.log]).toEqual(whole.log);
    expect([...cut.steps, ...rest.steps]).toEqual(whole.steps);
    expect(rest.places).toEqual(whole.places.slice(-rest.places.length || whole.places.length));
  }
});

test('at an epoch’s end the position is the next epoch’s beginning, and the end of the run where there is none', async () => {
  const positions: [number, number, number][] = [];
  const { trainer } = fixture(3, {
    onEpochEnd: async () => {
      const { epoch, batch, loss } = trainer.position;
      positions.push([epoch, batch, loss.sum / loss.weight]);
    },
  });
  await trainer.run();
  expect(positions).toEqual([
    [1, 0, 1],
    [2, 0, 1],
  ]);
  const { trainer: over, log } = fixture(3, { from: trainer.position });
  expect(await over.run()).toEqual({ updates: 4, tokens: 60, seconds: 3, meanLoss: 1 });
  expect(log).toEqual([]);
});

test('is stopped by its callbacks as if it were over, without the epoch’s end where it is in the middle', async () => {
  const early = fixture(4, {
    afterStep: async ({ update }) => {
      if (update === 1) early.trainer.stop();
    },
  });
  expect(await early.trainer.run()).toMatchObject({ updates: 1, meanLoss: 0.5 });
  expect(early.log).toEqual(['0.0', '0.1', 'update 1.00']);
  const late = fixture(4, { onEpochEnd: async () => late.trainer.stop() });
  expect(await late.trainer.run()).toMatchObject({ updates: 2, meanLoss: 1.5 });
});
