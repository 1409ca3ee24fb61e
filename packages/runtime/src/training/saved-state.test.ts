import { expect, test } from 'vitest';
import { noProperties } from '../artifacts/checkpoint.js';
import { initialStateOf } from './initial-state.js';
import { known, type SessionState, savedState, takeSavedState } from './saved-state.js';
import { arrayOf, snapshotState, stateOf } from './state.js';

const tensor = (name: string, shape: readonly number[], from: number) => ({
  name,
  dtype: 'float32' as const,
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => from + i),
});

/** A state of `w` and `b`, everything in it told apart by `from`. */
async function fresh(from: number) {
  const moments = (name: string, size: number) => ({
    name,
    momentum0: new Float32Array(size).fill(from / 2),
    momentum1: new Float32Array(size).fill(from / 4),
  });
  const state = await stateOf(
    initialStateOf({
      trainable: [tensor('w', [2, 3], from), tensor('b', [2], 2 * from)],
      frozen: [tensor('table', [2], 7)],
      optimizer: {
        step: BigInt(from),
        initialLearningRate: 0,
        states: [moments('w', 6), moments('b', 2)],
      },
      properties: noProperties(),
    }),
  );
  const residence = { read: async (name: string, part: 'value') => arrayOf(known(state, name), part) };
  return { state, saved: savedState(state, residence as never) };
}

const lossScale = { scale: 1024, weight: 4, applied: 3, skipped: 2, skippedInARow: 0 };

test('a state is read as views, and another takes it bit for bit; what is frozen is no part of it', async () => {
  const { state } = await fresh(8);
  state.lossScale = lossScale;
  const saved = savedState(state, {
    read: async (name, part) => arrayOf(known(state, name), part),
  });
  expect(saved).toMatchObject({
    step: 8,
    lossScale,
    parameters: [
      { name: 'w', shape: [2, 3] },
      { name: 'b', shape: [2] },
    ],
  });
  expect(await saved.read('w', 'value')).toBe(state.trained[0]!.value.data);
  expect(await saved.read('b', 'second')).toBe(state.trained[1]!.second);
  const { state: other } = await fresh(100);
  await takeSavedState(other, saved);
  expect(snapshotState(other)).toEqual(snapshotState(state));
});

test.each<[string, Partial<SessionState>, RegExp]>([
  ['no step', { step: 1.5 }, /training state: step: expected a whole number from 0, got 1.5/],
  ['a step below 0', { step: -1 }, /expected a whole number from 0, got -1/],
  ['a broken loss scale', { lossScale: { ...lossScale, scale: 0 } }, /"loss_scale": expected a number > 0/],
  ['a broken count', { lossScale: { ...lossScale, skipped: 0.5 } }, /"loss_scale_skipped": expected a count/],
  [
    'a parameter less',
    { parameters: [{ name: 'w', shape: [2, 3] }] },
    /"b": expected float32\[2\], got none/,
  ],
  [
    'another shape',
    {
      parameters: [
        { name: 'w', shape: [3, 2] },
        { name: 'b', shape: [2] },
      ],
    },
    /"w": expected float32\[2, 3\], got \[3, 2\]/,
  ],
  [
    'a parameter more',
    {
      parameters: [
        { name: 'w', shape: [2, 3] },
        { name: 'b', shape: [2] },
        { name: 'c', shape: [] },
      ],
    },
    /"c": expected the 2 parameters that are trained, got this one besides/,
  ],
])('%s changes nothing', async (_, fault, message) => {
  const { state } = await fresh(8);
  const before = snapshotState(state);
  await expect(takeSavedState(state, { ...(await fresh(100)).saved, ...fault })).rejects.toThrow(message);
  expect(snapshotState(state)).toEqual(before);
});

test('elements are counted, and names looked up', async () => {
  const { state, saved } = await fresh(8);
  const short = { ...saved, read: async () => new Float32Array(5) };
  await expect(takeSavedState(state, short)).rejects.toThrow(
    '"w", value: expected a Float32Array of 6 elements, got 5',
  );
  await expect(saved.read('c', 'value')).rejects.toThrow('"c": expected a parameter that is trained');
});
