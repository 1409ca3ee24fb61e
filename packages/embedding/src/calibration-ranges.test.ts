import { expect, it } from 'vitest';
import { calibrationRanges, rangeSteps } from './calibration-ranges.js';

const vectors = [Float32Array.of(1, -2, 3), Float32Array.of(0.5, 4, 3), Float32Array.of(-1, 0, 3)];

it('the least and the greatest of each dimension, apart from the vectors', () => {
  const { min, max } = calibrationRanges(vectors);
  expect([...min]).toEqual([-1, -2, 3]);
  expect([...max]).toEqual([1, 4, 3]);
  max[0] = 9;
  expect(vectors[0]![0]).toBe(1);
});

it('a step is a 255th, rounded to float32; 0 where there is one value', () => {
  expect([...rangeSteps('here', calibrationRanges(vectors), 3)]).toEqual([
    Math.fround(2 / 255),
    Math.fround(6 / 255),
    0,
  ]);
});

it('says what is wrong with vectors, and which', () => {
  expect(() => calibrationRanges([])).toThrow(/at least one vector .* got no vectors/);
  expect(() => calibrationRanges([new Float32Array(0)])).toThrow(/got an empty vector/);
  expect(() => calibrationRanges([vectors[0]!, new Float32Array(2)])).toThrow(
    /vectors\[1\] expected a Float32Array of 3 numbers, got Float32Array of 2/,
  );
  expect(() => calibrationRanges([vectors[0]!, Float32Array.of(1, Number.NaN, 0)])).toThrow(
    /vectors\[1\]\[1\] expected a finite number, got NaN/,
  );
});

it('says what is wrong with ranges, and where', () => {
  const ranges = (min: Float32Array, max: Float32Array) => () => rangeSteps('here', { min, max }, 2);
  const f = (...x: number[]) => Float32Array.from(x);
  expect(ranges(f(0), f(1, 1))).toThrow(/here: ranges\.min expected .* of 2 numbers, got Float32Array of 1/);
  expect(ranges(f(0, 0), new Float64Array(2) as never)).toThrow(/ranges\.max .* got Float64Array of 2/);
  expect(ranges(f(0, 2), f(1, 1))).toThrow(/dimension 1, got 2 and 1/);
  expect(ranges(f(0, Number.NaN), f(1, 1))).toThrow(/dimension 1, got NaN and 1/);
  expect(ranges(f(-3e38, 0), f(3e38, 1))).toThrow(/dimension 0/);
});
