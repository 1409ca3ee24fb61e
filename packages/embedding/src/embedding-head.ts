/** How token vectors become one vector, as sentence-transformers names it in `1_Pooling/config.json`. */
export const POOLING_MODES = [
  'cls',
  'max',
  'mean',
  'mean_sqrt_len_tokens',
  'weightedmean',
  'lasttoken',
] as const;
export type PoolingMode = (typeof POOLING_MODES)[number];

/** What may follow the linear map of a Dense module. */
export const DENSE_ACTIVATIONS = ['identity', 'tanh', 'gelu', 'relu', 'silu', 'sigmoid'] as const;
export type DenseActivation = (typeof DENSE_ACTIVATIONS)[number];

/** One Dense module: activation(x·weightᵀ + bias). */
export interface DenseSpec {
  /** The module's folder, such as `2_Dense`; its parameters are `<name>.linear.weight` [out, in] and `<name>.linear.bias` [out]. */
  readonly name: string;
  readonly in: number;
  readonly out: number;
  readonly bias: boolean;
  readonly activation: DenseActivation;
}

/** What stands between the encoder's token vectors and the text's vector: sentence-transformers' modules after the first. */
export interface EmbeddingHead {
  /** Several modes are concatenated in this order. */
  readonly pooling: readonly PoolingMode[];
  readonly dense: readonly DenseSpec[];
  /** Whether the last module divides by the L2 norm. */
  readonly normalize: boolean;
  /** false: tokens of the prompt are attended to but not pooled (INSTRUCTOR). true unless said. */
  readonly includePrompt?: boolean;
}

/**
 * The number of elements of a vector.
 * @throws RangeError for a head without pooling, of which a Dense takes another width than it gets, or with two modules of
 * one name
 */
export function embeddingDimension(
  { hidden_size }: { readonly hidden_size: number },
  head: EmbeddingHead,
): number {
  const { pooling, dense } = head;
  if (pooling.length === 0)
    throw new RangeError('head: expected at least one pooling mode, got none — "mean" is the usual one');
  let width = pooling.length * hidden_size;
  const names = new Set<string>();
  for (const { name, in: taken, out } of dense) {
    if (taken !== width)
      throw new RangeError(
        `${name}: expected in_features ${width} (what the module before it gives), got ${taken} — use the modules that belong together`,
      );
    if (names.has(name) || !/^\w[\w-]*$/.test(name))
      throw new RangeError(
        `head: expected module folders of letters, digits, _ and -, each once, got ${JSON.stringify(name)} — rename it`,
      );
    names.add(name);
    width = out;
  }
  return width;
}
