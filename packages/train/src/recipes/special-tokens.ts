import type { Tokenizer } from '@rag/text';
import { ConfigError } from '../config/config-error.js';

/**
 * Holds `additional_special_tokens` against the tokenizer: a token that it lacks would need a row of the embedding that was never trained.
 * @throws ConfigError for those that it does not have
 */
export function checkSpecialTokens(
  tokens: readonly string[] | undefined,
  tokenizer: Pick<Tokenizer, 'tokenToId'>,
): void {
  const missing = (tokens ?? []).filter((token) => tokenizer.tokenToId(token) === undefined);
  if (missing.length === 0) return;
  throw new ConfigError(
    'additional_special_tokens',
    'additional_special_tokens',
    `expected tokens of the model’s tokenizer, got ${missing.join(', ')} — leave out what it does not have`,
  );
}
