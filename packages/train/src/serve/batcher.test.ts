import { expect, test } from 'vitest';
import { BatchError, QueueFullError } from './batch-errors.js';
import { type BatcherOptions, createBatcher } from './batcher.js';

/** A model that answers when it is told to. */
function toldModel() {
  const batches: {
    readonly inputs: readonly string[];
    readonly signal: AbortSignal;
    answer(): Promise<void>;
    fail(error: Error): Promise<void>;
  }[] = [];
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
  const run: BatcherOptions<string, string>['run'] = (inputs, signal) =>
    new Promise((resolve, reject) => {
      const after = async (settle: () => void) => {
        settle();
        await settled();
      };
      batches.push({
        inputs,
        signal,
        answer: () => after(() => resolve(inputs.map((input) => `${input}!`))),
        fail: (error) => after(() => reject(error)),
      });
    });
  return { run, batches, settled };
}

const limits = { maxBatchTokens: 4, maxBatchInputs: 100, maxQueue: 6 };
const inputs = (...texts: string[]) => texts.map((input) => ({ input, tokens: 1 }));

function setUp(more: Partial<BatcherOptions<string, string>> = {}) {
  const model = toldModel();
  const batcher = createBatcher<string, string>({ ...limits, run: model.run, ...more });
  const ask = async (texts: readonly string[], signal?: AbortSignal) => {
    const place = batcher.reserve(texts.length);
    try {
      return (await place.submit(inputs(...texts), { ...(signal && { signal }) })).outputs;
    } finally {
      place.release();
    }
  };
  return { ...model, batcher, ask };
}

test('requests of one moment share a batch, later ones the next; each gets its own', async () => {
  const { ask, batches, settled, batcher } = setUp();
  const [a, b] = [ask(['a1', 'a2', 'a3']), ask(['b1'])];
  await settled();
  expect(batches.map((batch) => batch.inputs)).toEqual([['a1', 'b1', 'a2', 'a3']]);
  const c = ask(['c1']);
  await settled();
  // One run at a time.
  expect([batches.length, batcher.held]).toEqual([1, 5]);
  await batches[0]!.answer();
  expect(await a).toEqual(['a1!', 'a2!', 'a3!']);
  expect(await b).toEqual(['b1!']);
  await batches[1]!.answer();
  expect(await c).toEqual(['c1!']);
  expect(batcher.held).toBe(0);
});

test('a request has all its places or none; one that is full says when to ask again', async () => {
  const ticks = [0, 0, 4000, 4000];
  const { ask, batches, settled, batcher } = setUp({ now: () => ticks.shift() ?? 4000, maxQueue: 8 });
  const first = ask(['a', 'b', 'c', 'd']);
  await settled();
  const error = await ask(['e', 'f', 'g', 'h', 'i']).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(QueueFullError);
  expect([(error as QueueFullError).retryAfter, batcher.held]).toEqual([1, 4]);
  await batches[0]!.answer();
  await first;
  const more = [ask(['a', 'b', 'c', 'd']), ask(['e', 'f', 'g'])];
  await settled();
  // A token a second: three wait.
  const next = await ask(['x', 'y']).catch((reason: unknown) => reason);
  expect((next as QueueFullError).retryAfter).toBe(3);
  await batches[1]!.answer();
  await batches[2]!.answer();
  await Promise.all(more);
  await batcher.drained();
});

test('a cancelled request leaves the queue; a run that nobody waits for is aborted', async () => {
  const { ask, batches, settled, batcher } = setUp();
  const [one, two] = [new AbortController(), new AbortController()];
  const a = ask(['a1', 'a2', 'a3', 'a4'], one.signal);
  const b = ask(['b1'], two.signal);
  await settled();
  expect(batches[0]!.inputs).toEqual(['a1', 'b1', 'a2', 'a3']);
  one.abort(new Error('gone'));
  await expect(a).rejects.toThrow('gone');
  expect([batches[0]!.signal.aborted, batcher.held]).toEqual([false, 1]);
  two.abort(new Error('gone too'));
  await expect(b).rejects.toThrow('gone too');
  expect(batches[0]!.signal.aborted).toBe(true);
  await batches[0]!.fail(new Error('aborted'));
  // a4 is never run.
  expect([batches.length, batcher.held]).toEqual([1, 0]);
  await expect(ask(['c'], AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
  const d = ask(['d']);
  await settled();
  await batches[1]!.answer();
  expect(await d).toEqual(['d!']);
});

test('one request that fails a batch does not fail the others', async () => {
  const batcher = createBatcher<string, string>({
    ...limits,
    run: async (texts) => {
      if (texts.includes('bad')) throw new Error('not finite');
      return texts.map((text) => `${text}!`);
    },
  });
  const ask = (...texts: string[]) => batcher.reserve(texts.length).submit(inputs(...texts), {});
  const [a, b, c] = await Promise.allSettled([ask('a'), ask('b', 'bad'), ask('c')]);
  expect(a).toMatchObject({ value: { outputs: ['a!'] } });
  expect(c).toMatchObject({ value: { outputs: ['c!'] } });
  const { reason } = b as PromiseRejectedResult;
  expect(reason).toBeInstanceOf(BatchError);
  expect(reason.message).toBe('model: expected outputs, got not finite');
  const short = createBatcher<string, string>({ ...limits, run: async () => [] });
  await expect(short.reserve(1).submit(inputs('x'), {})).rejects.toThrow('expected 1 outputs, got 0');
});

test('random requests and cancellations: nothing is lost, mixed up or run twice at once', async () => {
  for (let seed = 1; seed <= 15; seed++) {
    const random = randomOf(seed);
    const upTo = (most: number) => 1 + Math.floor(random() * most);
    const maxBatchTokens = upTo(20);
    let running = 0;
    const batcher = createBatcher<string, string>({
      maxBatchTokens,
      maxBatchInputs: upTo(8),
      maxQueue: 1e6,
      run: async (batch, _, group) => {
        expect(++running).toBe(1);
        expect(batch.length).toBeGreaterThan(0);
        expect(batch.every((input) => input.startsWith(group))).toBe(true);
        const tokens = batch.reduce((sum, input) => sum + tokensOf(input), 0);
        expect(batch.length === 1 || tokens <= maxBatchTokens).toBe(true);
        for (let ticks = upTo(3); ticks > 0; ticks--) await new Promise((resolve) => setImmediate(resolve));
        running--;
        return batch.map((input) => `${input}!`);
      },
    });
    const asked = Array.from({ length: 60 }, async (_, i) => {
      for (let ticks = upTo(12); ticks > 0; ticks--) await new Promise((resolve) => setImmediate(resolve));
      const group = random() < 0.3 ? 'p' : '';
      const texts = Array.from({ length: upTo(5) }, (_, j) => `${group}${i}-${j}:${upTo(9)}`);
      const control = new AbortController();
      if (random() < 0.3) {
        const ticks = upTo(9);
        void (async () => {
          for (let left = ticks; left > 0; left--) await new Promise((resolve) => setImmediate(resolve));
          control.abort('cancelled');
        })();
      }
      const place = batcher.reserve(texts.length);
      const found = await place
        .submit(
          texts.map((input) => ({ input, tokens: tokensOf(input) })),
          { signal: control.signal, group },
        )
        .then(
          ({ outputs }) => outputs,
          (reason: unknown) => reason,
        );
      place.release();
      expect(found).toEqual(found === 'cancelled' ? 'cancelled' : texts.map((text) => `${text}!`));
      return found !== 'cancelled';
    });
    const answered = (await Promise.all(asked)).filter(Boolean).length;
    expect(answered).toBeGreaterThan(20);
    await batcher.drained();
    expect(batcher.held).toBe(0);
  }
});

const tokensOf = (input: string): number => Number(input.split(':')[1]);

/** Mulberry32: numbers in [0, 1) that depend on the seed alone. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
