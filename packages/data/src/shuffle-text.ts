import { at } from './random.js';

/**
 * Shuffle augmentation (`shuffle_rate`): with probability `rate`, a text of more than 100 characters is cut in three
 * and its parts are joined by spaces in a random order, so that a model cannot lean on what comes first.
 * Characters are code points. A shorter text is returned as it is; the draw is a function of the
 * seed and the coordinates (epoch, row, passage).
 * Source: `shuffle_text` of RAG-Retrieval and `shuffle_ratio` of FlagEmbedding, which cut at floor(length / 3) + 1.
 */
export function shuffleText(
  text: string,
  rate: number,
  seed: number,
  ...coordinates: readonly number[]
): string {
  if (!(rate >= 0 && rate <= 1)) throw new RangeError(`shuffle_rate: expected 0 to 1, got ${rate}`);
  if (rate === 0 || text.length <= 100) return text;
  const characters = Array.from(text);
  const random = at(seed, 'shuffle-text', ...coordinates);
  if (characters.length <= 100 || random.uniform() >= rate) return text;
  const step = Math.floor(characters.length / 3) + 1;
  const parts = [0, 1, 2].map((i) => characters.slice(i * step, (i + 1) * step).join(''));
  return Array.from(random.permutation(3), (i) => parts[i]).join(' ');
}
