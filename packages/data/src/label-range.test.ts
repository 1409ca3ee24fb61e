import { expect, test } from 'vitest';
import { checkLabelRange, scaleLabel } from './label-range.js';

const at = { file: 'f', line: 9 };

test('labels are scaled to [0, 1]', () => {
  expect([0, 1, 2, 3].map((label) => scaleLabel(label, { min: 0, max: 3 }, at, 'x'))).toEqual([
    0,
    1 / 3,
    2 / 3,
    1,
  ]);
  expect(scaleLabel(-5, { min: -20, max: 0 }, at, 'x')).toBe(0.75);
});

test.each([-0.001, 3.001, Number.NaN])('%d is out of range', (label) => {
  expect(() => scaleLabel(label, { min: 0, max: 3 }, at, '"label"')).toThrow(
    expect.objectContaining({
      fault: 'label-out-of-range',
      message: expect.stringMatching(/^f:9: expected "label" between 0 and 3, got .*min_label/),
    }),
  );
});

test.each([
  [1, 1],
  [1, 0],
  [Number.NaN, 1],
  [0, Number.POSITIVE_INFINITY],
])('a range from %d to %d is refused', (min, max) => {
  expect(() => checkLabelRange({ min, max })).toThrow(RangeError);
});
