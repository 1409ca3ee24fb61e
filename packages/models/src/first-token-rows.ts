import { firstRows, type Pass } from '@rag/onnx';
import type { EncoderInputs } from './encoder-inputs.js';

/**
 * A serving graph over packed batches that computes of its last layer what a head over first tokens reads: their rows, and the keys and
 * values of all. Heads over other tokens are left as they are.
 */
export const firstTokenRows: Pass = firstRows({
  first: 'first_token',
  block: 'block_index',
  cell: 'token_index',
} satisfies Readonly<Record<string, keyof EncoderInputs>>);
