import { expect, test } from 'vitest';
import { modelTeacher } from './model-teacher.js';

const { signal } = new AbortController();
const pairs = [
  { query: 'a', content: 'b' },
  { query: 'c', content: 'd', answer: 'e' },
];

test('scores of a model, and the fault of the pair that has none', async () => {
  const asked: unknown[] = [];
  const model = {
    computeScore: async (given: readonly (readonly string[])[], options: object) => {
      asked.push(given, options);
      return [0, Number.NaN];
    },
  };
  const teacher = modelTeacher(model, { identity: { model: 'm' } });
  expect(await teacher.judge(pairs, signal)).toEqual([
    { score: 0 },
    { fault: 'expected a finite score, got NaN', isFinal: true },
  ]);
  expect(asked).toEqual([
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
    { signal },
  ]);
  expect(teacher).toMatchObject({ concurrency: 1, batchSize: 256, readsAnswers: false });
});

test('a model that loses count', async () => {
  const teacher = modelTeacher({ computeScore: async () => [1] }, { identity: {} });
  await expect(teacher.judge(pairs, signal)).rejects.toThrow('teacher: expected 2 scores, got 1');
});
