import { div, matmul, mul, tanh, transpose, type Value } from '@rag/onnx';
import { module, type ParameterPath } from '../parameters.js';
import type { DecoderTraits } from './decoder-traits.js';

/**
 * The causal head at asked tokens only: logits [rows, ids] of hidden states [rows, hidden] behind the final norm, for the vocabulary
 * `ids`, int64 [ids]. Only the asked rows of the weight are read, so that nothing of [tokens, vocabulary] exists.
 */
export function askedLogits(
  root: ParameterPath,
  { vocab_size, hidden_size }: { readonly vocab_size: number; readonly hidden_size: number },
  { tied, logitScale, logitSoftcap }: Pick<DecoderTraits, 'tied' | 'logitScale' | 'logitSoftcap'>,
  hidden: Value,
  ids: Value,
): Value {
  return module(root, tied ? 'model.embed_tokens' : 'lm_head', (path) => {
    const weight = path.rows('weight', [vocab_size, hidden_size], ids);
    const scaled = logitScale === 1 ? hidden : mul(hidden, logitScale);
    const logits = matmul(scaled, transpose(weight, [1, 0]));
    return logitSoftcap === null ? logits : mul(tanh(div(logits, logitSoftcap)), logitSoftcap);
  });
}
