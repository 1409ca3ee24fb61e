import { expect, test } from 'vitest';
import { pickBatch, type WaitingRequest } from './pick-batch.js';

const request = (tokens: readonly number[], group = ''): WaitingRequest => ({ tokens, next: 0, group });
const picked = (queue: WaitingRequest[], maxTokens: number, maxInputs = 100) => {
  const names = new Map([...queue].map((each, i) => [each, i]));
  return () =>
    pickBatch(queue, { maxTokens, maxInputs }).map(({ request: from, index }) => [names.get(from), index]);
};

test('requests take turns, whoever had one goes to the end', () => {
  const queue = [request([1, 1, 1, 1]), request([1]), request([1, 1])];
  const next = picked(queue, 3);
  expect(next()).toEqual([
    [0, 0],
    [1, 0],
    [2, 0],
  ]);
  expect(next()).toEqual([
    [0, 1],
    [2, 1],
    [0, 2],
  ]);
  expect([next(), queue]).toEqual([[[0, 3]], []]);
});

test('what does not fit is first in the next batch; what is too large alone runs alone', () => {
  const queue = [request([5]), request([9]), request([4])];
  const next = picked(queue, 9);
  expect(next()).toEqual([
    [0, 0],
    [2, 0],
  ]);
  expect(next()).toEqual([[1, 0]]);
  const large = [request([1]), request([99]), request([1])];
  const then = picked(large, 9);
  expect([then(), then(), then()]).toEqual([
    [
      [0, 0],
      [2, 0],
    ],
    [[1, 0]],
    [],
  ]);
});

test('groups do not share a batch, and a batch has so many inputs at most', () => {
  const queue = [request([1, 1], 'a'), request([1], 'b'), request([1], 'a')];
  const next = picked(queue, 100, 2);
  expect(next()).toEqual([
    [0, 0],
    [2, 0],
  ]);
  expect(next()).toEqual([[1, 0]]);
  expect(next()).toEqual([[0, 1]]);
});
