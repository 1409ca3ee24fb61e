import { expect, test } from 'vitest';
import { collectiveExam } from '../testing/collective-exam.js';
import { single } from './single.js';

collectiveExam('single', 1, () => [single()]);

test('abort throws its reason', () => {
  expect(() => single().abort('the loss is not a number')).toThrow('the loss is not a number');
});

test('nothing may be called after close', async () => {
  const collective = single();
  await collective.close();
  await expect(collective.barrier()).rejects.toThrow(
    'single, rank 0, barrier: expected no call after close()',
  );
});
