import { expect, test } from 'vitest';
import { rowFeeds } from './row-feeds.js';

const sequence = { input_ids: [2, 7, 3], token_type_ids: [0, 0, 1] };
const row = (...ids: bigint[]) => ({ dtype: 'int64', shape: [1, ids.length], data: BigInt64Array.from(ids) });

test('gives what the model asks for, all tokens attended to', () => {
  const inputs = [{ name: 'attention_mask' }, { name: 'input_ids' }];
  expect(rowFeeds(inputs, sequence)).toEqual({ attention_mask: row(1n, 1n, 1n), input_ids: row(2n, 7n, 3n) });
});

test('takes another attention, and segments', () => {
  const inputs = [{ name: 'attention_mask' }, { name: 'token_type_ids' }];
  expect(rowFeeds(inputs, sequence, [1, 1, 0])).toEqual({
    attention_mask: row(1n, 1n, 0n),
    token_type_ids: row(0n, 0n, 1n),
  });
});
