/** Weights of some tensors: those whose name matches. */
export interface LayerWeights {
  /** Looked for in a tensor's name, such as `/encoder\.layer\.[0-5]\./`; a module's tensors are `2_Dense/linear.weight`. */
  readonly match: RegExp;
  /** One per model. */
  readonly weights: readonly number[];
}

/** How much of each model is in a mix. */
export interface MixWeights {
  /** One per model, with the sum 1; one below 0 takes away what a model learned. */
  readonly weights: readonly number[];
  /** Weights of tensors by their names; the first match counts, `weights` where there is none. */
  readonly layers?: readonly LayerWeights[];
  /** Divide weights by their sum, in place of refusing another than 1. @default false */
  readonly normalize?: boolean;
}

/** How far a sum of weights may be from 1. */
export const SUM_TOLERANCE = 1e-6;

/**
 * Checks one list of weights; LM-Cocktail's own check, `sum − 1 <= 1e-3`, lets every small sum pass.
 * @returns the weights, divided by their sum where asked
 * @throws RangeError
 */
export function checkWeights(
  weights: readonly number[],
  models: number,
  where = 'weights',
  normalize = false,
): readonly number[] {
  if (weights.length !== models || !weights.every(Number.isFinite))
    throw new RangeError(
      `${where}: expected ${models} numbers, one per model, got ${weights.join(', ') || 'none'} — correct the list`,
    );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (normalize && sum > 0) return weights.map((weight) => weight / sum);
  if (Math.abs(sum - 1) <= SUM_TOLERANCE) return weights;
  throw new RangeError(
    `${where}: expected the sum 1 within ${SUM_TOLERANCE}, got ${Number(sum.toPrecision(10))} — ${sum > 0 ? 'correct a weight, or pass normalize' : 'raise a weight'}`,
  );
}

/**
 * The weights of each tensor.
 * @param names every tensor that is mixed
 * @throws RangeError for weights that do not add up, and for a pattern that matches no tensor
 */
export function weightsOfTensors(
  { weights, layers = [], normalize = false }: MixWeights,
  models: number,
  names: readonly string[],
): (name: string) => readonly number[] {
  const usual = checkWeights(weights, models, 'weights', normalize);
  const rules = layers.map(({ match, weights: own }) => {
    if (!names.some((name) => name.search(match) >= 0))
      throw new RangeError(
        `layers: expected a pattern that matches a tensor, got ${match}, which none of ${names.length} does — see names such as ${names.slice(0, 3).join(', ')}`,
      );
    return { match, weights: checkWeights(own, models, `layers ${match}`, normalize) };
  });
  return (name) => rules.find(({ match }) => name.search(match) >= 0)?.weights ?? usual;
}
