import { longestSequence } from '@rag/models';
import { ConfigError } from '../config/config-error.js';

type Positions = Parameters<typeof longestSequence>[0];

/**
 * A length of the settings, or without one its default as far as the model has positions.
 * @param source where the setting was given; undefined for a default
 * @param say hears of a default that is cut
 * @throws ConfigError for a length that was asked for and does not fit
 */
export function textLength(
  key: string,
  length: number,
  source: string | undefined,
  config: Positions,
  say: (line: string) => void,
): number {
  const longest = longestSequence(config);
  if (length <= longest) return length;
  if (source !== undefined)
    throw new ConfigError(
      source,
      key,
      `expected ${key} up to ${longest}, the positions that the model has, got ${length} — lower it`,
    );
  say(`${key}: ${longest}, the positions that the model has`);
  return longest;
}
