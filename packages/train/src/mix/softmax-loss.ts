/** Scores of candidates of which one is right. */
export interface Choice {
  readonly scores: ArrayLike<number>;
  /** The place of the right one. */
  readonly target: number;
  /** Places that are no candidates, such as other right ones. */
  readonly leftOut?: ReadonlySet<number>;
}

/**
 * Mean over the choices of −log softmax(scores / temperature)[target], in float64: InfoNCE (https://arxiv.org/abs/1807.03748) as a
 * number to compare models by. `temperature` divides the scores, and is above 0.
 * @throws RangeError where there is no choice, and for scores that are not finite
 */
export function softmaxLoss(choices: Iterable<Choice>, temperature: number): number {
  let [sum, count] = [0, 0];
  for (const { scores, target, leftOut } of choices) {
    const candidates = Array.from(scores).filter((_, i) => i === target || !leftOut?.has(i));
    const odd = candidates.find((score) => !Number.isFinite(score));
    if (odd !== undefined)
      throw new RangeError(`scores: expected finite numbers, got ${odd} — the model gives no usable scores`);
    const largest = candidates.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY);
    const total = candidates.reduce((all, score) => all + Math.exp((score - largest) / temperature), 0);
    sum += Math.log(total) - (scores[target]! - largest) / temperature;
    count++;
  }
  if (count > 0) return sum / count;
  throw new RangeError(
    'examples: expected a query with a relevant passage and another, got none — add rows with "neg"',
  );
}
