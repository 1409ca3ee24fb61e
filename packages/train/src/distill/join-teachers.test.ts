import { expect, test } from 'vitest';
import { joinTeachers, type VectorTeacher } from './join-teachers.js';

/** Gives each text the vector that a function makes of it. */
const teacher = (
  name: string,
  width: number,
  make: (text: string) => number[],
  weight?: number,
): VectorTeacher => ({
  name,
  encoder: {
    width,
    encode: async (texts, { onProgress }) => {
      onProgress(texts.length);
      return texts.map((text) => Float32Array.from(make(text)));
    },
  },
  ...(weight !== undefined && { weight }),
});
const cosine = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0) /
  (Math.hypot(...Array.from(a)) * Math.hypot(...Array.from(b)));
const control = { onProgress: () => {} };

const first = (text: string) => [text.length, 3, -1];
const second = (text: string) => [100 * text.length, -50];

test('each of length 1, times its weight, side by side, the whole of length 1', async () => {
  const joined = joinTeachers([teacher('a', 3, first, 3), teacher('b', 2, second, 4)]);
  expect(joined.width).toBe(5);
  const [x, y] = await joined.encode(['one', 'seven!'], control);
  expect(Math.hypot(...x!)).toBeCloseTo(1, 6);
  expect(Math.hypot(...x!.subarray(0, 3))).toBeCloseTo(0.6, 6);
  expect(cosine(x!.subarray(0, 3), first('one'))).toBeCloseTo(1, 6);
  const mean =
    (9 * cosine(first('one'), first('seven!')) + 16 * cosine(second('one'), second('seven!'))) / 25;
  expect(cosine(x!, y!)).toBeCloseTo(mean, 6);
});

test('one teacher is its vectors of length 1', async () => {
  const [x] = await joinTeachers([teacher('a', 2, () => [3, 4])]).encode(['t'], control);
  expect(Array.from(x!)).toEqual([0.6, 0.8].map(Math.fround));
});

test('progress ends with all texts, and a window is prepared for all', async () => {
  const [done, prepared]: [number[], string[]] = [[], []];
  const one = teacher('a', 3, first);
  const joined = joinTeachers([
    { ...one, encoder: { ...one.encoder, prepare: (texts) => void prepared.push(...texts) } },
    teacher('b', 2, second),
  ]);
  joined.prepare?.(['u', 'v']);
  await joined.encode(['u', 'v'], { onProgress: (count) => void done.push(count) });
  expect([done, prepared]).toEqual([
    [1, 2],
    ['u', 'v'],
  ]);
});

test('what would put vectors out of step, or has no direction', async () => {
  const short: VectorTeacher = { name: 'b', encoder: { width: 2, encode: async () => [] } };
  await expect(joinTeachers([teacher('a', 3, first), short]).encode(['t'], control)).rejects.toThrow(
    'b: expected 1 vectors, one per text, got 0',
  );
  await expect(joinTeachers([teacher('a', 2, first)]).encode(['t'], control)).rejects.toThrow(
    'a: expected 2 elements, got 3',
  );
  for (const value of [0, Number.NaN, Number.POSITIVE_INFINITY])
    await expect(joinTeachers([teacher('a', 2, () => [value, 0])]).encode(['t'], control)).rejects.toThrow(
      /^a: expected a vector of some length, got .* for "t"/,
    );
  for (const weight of [0, -1, Number.NaN])
    expect(() => joinTeachers([teacher('a', 1, () => [1], weight)])).toThrow('a: expected a weight above 0');
});
