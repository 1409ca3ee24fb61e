import { expect, test } from 'vitest';
import { packSequences } from './pack.js';
import { packedTensors } from './packed-tensors.js';

test.each(['packed', 'padded'] as const)('a %s batch has every input of an encoder, in its size', (mode) => {
  const sequences = [
    { input_ids: [2, 7, 8, 3], token_type_ids: [0, 0, 1, 1] },
    { input_ids: [2, 3], token_type_ids: [0, 0] },
  ];
  const packed = packSequences(sequences, { padId: 0, mode });
  const { seq, tokens } = packed;
  const tensors = packedTensors(packed);
  expect(Object.entries(tensors).map(([name, { dtype, shape }]) => [name, dtype, shape])).toEqual([
    ['input_ids', 'int64', [tokens]],
    ['token_type_ids', 'int64', [tokens]],
    ['position_ids', 'int64', [tokens]],
    ['block_index', 'int64', [2, seq]],
    ['token_index', 'int64', [tokens]],
    ['attention_mask', 'float32', [2, seq]],
    ['first_token', 'int64', [2]],
  ]);
  for (const [name, { data }] of Object.entries(tensors)) expect(data).toBe(packed[name as 'input_ids']);
});
