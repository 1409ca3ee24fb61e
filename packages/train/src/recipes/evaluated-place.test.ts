import { expect, test } from 'vitest';
import { placeOf, titleOf } from './evaluated-place.js';

test('the end of an epoch, and an update in the middle of one', () => {
  expect([placeOf(1, undefined), placeOf(1, 30)]).toEqual([{ epoch: 1 }, { epoch: 1, update: 30 }]);
  expect([titleOf(1, undefined), titleOf(1, 30)]).toEqual(['epoch 2', 'update 30']);
});
