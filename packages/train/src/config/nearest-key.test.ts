import { expect, test } from 'vitest';
import { nearestKey } from './nearest-key.js';

const known = ['train_dataset', 'val_dataset', 'batch_size', 'lr', 'learning_rate', 'epochs', 'seed', 'seq'];

test.each([
  ['batchsize', 'batch_size'],
  ['BatchSize', 'batch_size'],
  ['bacth_size', 'batch_size'],
  ['train-dataset', 'train_dataset'],
  ['epoch', 'epochs'],
  ['learning-rat', 'learning_rate'],
  ['sede', 'seed'],
  ['lrr', 'lr'],
  ['train', 'train_dataset'],
])('%s means %s', (key, meant) => {
  expect(nearestKey(key, known)).toBe(meant);
});

test('a key that is like none has no neighbour', () => {
  for (const key of ['x', 'zzzzzz', 'temperature', 'a'.repeat(100_000)])
    expect(nearestKey(key, known)).toBeUndefined();
});
