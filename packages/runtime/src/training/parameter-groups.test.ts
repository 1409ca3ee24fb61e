import { expect, test } from 'vitest';
import { rowPlan } from '../testing/ranked-training.js';
import { parameterGroups } from './parameter-groups.js';

test('parameters are grouped by the segments that read them', () => {
  const { segments, initial } = rowPlan(true);
  const groups = parameterGroups(segments, initial.trainable, 2);
  expect(
    groups.map(({ segments: places, parameters }) => [places, parameters.map(({ name }) => name)]),
  ).toEqual([
    [[0, 4], ['table']],
    [[1], ['layers.0.weight', 'layers.0.bias']],
    [[2], ['layers.1.weight', 'layers.1.bias']],
    [[3], ['layers.2.weight', 'layers.2.bias']],
    [[4], ['head.weight']],
  ]);
  expect(groups[1]).toMatchObject({
    parameters: [
      { offset: 0, length: 16 },
      { offset: 16, length: 4 },
    ],
    length: 32,
    buckets: [[0, 16, 32]],
  });
});

test('a group of many elements is cut into buckets of like size, each shared by all ranks', () => {
  const { segments, initial } = rowPlan(false);
  const [group, ...none] = parameterGroups(segments, initial.trainable, 3, 50);
  expect(none).toEqual([]);
  const { length, buckets, parameters } = group!;
  expect(parameters.at(-1)!.offset + parameters.at(-1)!.length).toBeLessThanOrEqual(length);
  expect(buckets).toHaveLength(Math.ceil(length / 50));
  let end = 0;
  for (const bounds of buckets) {
    expect(bounds).toHaveLength(4);
    expect(bounds[0]).toBe(end);
    expect(bounds).toEqual(bounds.toSorted((a, b) => a - b));
    end = bounds.at(-1)!;
    expect(end - bounds[0]!).toBeLessThanOrEqual(50);
  }
  expect(end).toBe(length);
});
