import type { PackedBatch } from './pack.js';

/** A graph input as plain data: what a runtime makes its tensors of. */
export interface PackedTensor {
  readonly dtype: 'int64' | 'float32';
  readonly shape: readonly number[];
  readonly data: BigInt64Array | Float32Array;
}

/** A packed batch by the names, dtypes and shapes that an encoder graph is fed. */
export function packedTensors(packed: PackedBatch): Record<string, PackedTensor> {
  const { batch, seq, tokens } = packed;
  const int64 = (shape: readonly number[], data: BigInt64Array): PackedTensor => ({
    dtype: 'int64',
    shape,
    data,
  });
  return {
    input_ids: int64([tokens], packed.input_ids),
    token_type_ids: int64([tokens], packed.token_type_ids),
    position_ids: int64([tokens], packed.position_ids),
    block_index: int64([batch, seq], packed.block_index),
    token_index: int64([tokens], packed.token_index),
    attention_mask: { dtype: 'float32', shape: [batch, seq], data: packed.attention_mask },
    first_token: int64([batch], packed.first_token),
  };
}
