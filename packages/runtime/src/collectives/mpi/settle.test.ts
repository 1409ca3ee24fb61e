import { expect, test } from 'vitest';
import { settle } from './settle.js';

const after = (calls: number) => {
  let left = calls;
  return { test: () => left-- <= 0, left: () => left };
};

test.each([true, false])('asks until all have completed (patient: %s)', async (patient) => {
  const requests = after(5);
  await settle(requests, patient);
  expect(requests.left()).toBe(-1);
});

test('the event loop turns in between', async () => {
  let turned = false;
  setTimeout(() => {
    turned = true;
  }, 0);
  await settle({ test: () => turned }, false);
  expect(turned).toBe(true);
});

test('passes on what a call throws', async () => {
  const fail = () => {
    throw new Error('rank 1 is gone');
  };
  await expect(settle({ test: fail }, true)).rejects.toThrow('rank 1 is gone');
});
