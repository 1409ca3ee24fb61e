import { add, cast, input, reduceSum, sub, type TensorType, type Value } from '@rag/onnx';

/**
 * What every encoder graph is fed: a packed batch. Linear layers, norms and activations see `tokens` rows without
 * padding; attention sees `[batch, seq]` blocks. The last row of `tokens` is filler, which padding cells point at.
 */
export const encoderInputTypes = {
  /** Token ids. */
  input_ids: { dtype: 'int64', shape: ['tokens'] },
  token_type_ids: { dtype: 'int64', shape: ['tokens'] },
  /** 0-based place in its own sequence. */
  position_ids: { dtype: 'int64', shape: ['tokens'] },
  /** For each cell of the padded block, its row in [tokens]. */
  block_index: { dtype: 'int64', shape: ['batch', 'seq'] },
  /** For each row of [tokens], its flat cell in [batch·seq]. */
  token_index: { dtype: 'int64', shape: ['tokens'] },
  /** 1 for real tokens, 0 for padding. */
  attention_mask: { dtype: 'float32', shape: ['batch', 'seq'] },
  /** For each sequence, the row of its first token. */
  first_token: { dtype: 'int64', shape: ['batch'] },
} as const satisfies Record<string, TensorType>;

/** The graph values of a packed batch. */
export type EncoderInputs = { readonly [Name in keyof typeof encoderInputTypes]: Value };

/** The inputs of an encoder graph, declared under their names. */
export function encoderInputs(): EncoderInputs {
  const declared = Object.entries(encoderInputTypes).map(([name, { dtype, shape }]) => [
    name,
    input(name, dtype, shape),
  ]);
  return Object.fromEntries(declared) as EncoderInputs;
}

/**
 * For each sequence, the row of its last real token, int64 [batch]: the rows of a sequence follow each other. It is no input of its own,
 * so that graphs which do not read it stay as they are.
 */
export const lastToken = ({
  first_token,
  attention_mask,
}: Pick<EncoderInputs, 'first_token' | 'attention_mask'>): Value =>
  sub(add(first_token, cast(reduceSum(attention_mask, [1]), 'int64')), 1);
