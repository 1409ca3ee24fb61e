import { exactLadder, packSequences } from '@rag/text';
import { expect, test } from 'vitest';
import { colbertTensors } from './colbert-tensors.js';
import type { TokenSequence } from './text-encoder.js';

const sequences: TokenSequence[] = [
  { input_ids: [2, 5, 4], token_type_ids: [0, 0, 0], attention: [1, 1, 0], scored: [0, 1, 1] },
  { input_ids: [2, 6], token_type_ids: [0, 0], attention: [1, 1], scored: [1, 0] },
];

test.each([
  ['packed', [0, 1, 1, 1, 0, 0]],
  ['padded', [0, 1, 1, 1, 0, 0, 0]],
] as const)('%s: masks of tokens and of attention stand where the tokens do', (mode, mask) => {
  const packed = packSequences(sequences, { padId: 0, mode, ladder: exactLadder });
  const { token_mask, attention_mask, input_ids } = colbertTensors(sequences, packed);
  expect(Array.from(token_mask!.data as Float32Array)).toEqual(mask);
  expect(attention_mask!.shape).toEqual([2, 3]);
  expect(Array.from(attention_mask!.data as Float32Array)).toEqual([1, 1, 0, 1, 1, 0]);
  expect(input_ids!.shape).toEqual(token_mask!.shape);
  // The batch itself is as it was.
  expect(Array.from(packed.attention_mask)).toEqual([1, 1, 1, 1, 1, 0]);
});
