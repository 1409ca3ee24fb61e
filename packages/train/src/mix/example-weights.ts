import { ConfigError } from '../config/config-error.js';

/** LM-Cocktail's, which divides the losses of examples before their softmax. */
export const MIX_TEMPERATURE = 5;

/**
 * Weights of models by their losses on a few examples: softmax(−loss / temperature), the sum is 1
 * (LM-Cocktail, https://arxiv.org/abs/2311.13534). A high temperature mixes evenly, a low one takes the best model alone.
 * @throws ConfigError for a temperature that is not above 0
 */
export function exampleWeights(losses: readonly number[], temperature = MIX_TEMPERATURE): number[] {
  if (!(temperature > 0 && Number.isFinite(temperature)))
    throw new ConfigError('--temperature', undefined, `expected a number above 0, got ${temperature}`);
  const least = Math.min(...losses);
  const powers = losses.map((loss) => Math.exp((least - loss) / temperature));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
