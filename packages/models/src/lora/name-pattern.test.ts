import { expect, test } from 'vitest';
import { namePattern } from './name-pattern.js';

const names = [
  'bert.embeddings.word_embeddings.weight',
  'bert.encoder.layer.1.output.dense.weight',
  'bert.encoder.layer.1.output.dense.bias',
  'bert.encoder.layer.11.output.dense.weight',
  'classifier.weight',
];

test.each<[string, number[]]>([
  ['*', [0, 1, 2, 3, 4]],
  ['embeddings', [0]],
  ['layer.1', [1, 2]],
  ['layer.[0-5]', [1, 2]],
  ['layer.[!2]', [1, 2]],
  ['layer.{1,11}', [1, 2, 3]],
  ['layer.?', [1, 2]],
  ['layer.1?', [3]],
  ['encoder.*.bias', [2]],
  ['bert', [0, 1, 2, 3]],
  ['ber', []],
  ['dense.weigh?', [1, 3]],
  ['/layer\\.\\d+\\./', [1, 2, 3]],
  ['/^classifier/', [4]],
  ['a+b(', []],
])('%s', (pattern, expected) => {
  const fits = namePattern(pattern, 'freeze');
  expect(names.flatMap((name, i) => (fits(name) ? [i] : []))).toEqual(expected);
});

test('what is no pattern is refused', () => {
  expect(() => namePattern('/(/', 'freeze')).toThrow(
    'freeze: expected a name with *, ?, [0-5] or {0,11} in it',
  );
  expect(() => namePattern('layer.{1', 'trainable')).toThrow('got "layer.{1"');
});
