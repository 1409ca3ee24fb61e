import { Tensor } from '@rag/runtime';
import type { PackedBatch } from '@rag/text';

/** A packed batch as the tensors that an encoder graph is fed. */
export function encoderTensors(packed: PackedBatch): Record<string, Tensor> {
  const { batch, seq, tokens } = packed;
  return {
    input_ids: new Tensor('int64', [tokens], packed.input_ids),
    token_type_ids: new Tensor('int64', [tokens], packed.token_type_ids),
    position_ids: new Tensor('int64', [tokens], packed.position_ids),
    block_index: new Tensor('int64', [batch, seq], packed.block_index),
    token_index: new Tensor('int64', [tokens], packed.token_index),
    attention_mask: new Tensor('float32', [batch, seq], packed.attention_mask),
    first_token: new Tensor('int64', [batch], packed.first_token),
  };
}
