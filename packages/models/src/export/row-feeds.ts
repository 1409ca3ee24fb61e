/** A sequence of tokens, as a tokenizer gives it. */
export interface SequenceIds {
  readonly input_ids: readonly number[];
  readonly token_type_ids: readonly number[];
}

/** What an exported model is fed, int64 [1, seq]. */
export interface RowFeed {
  readonly dtype: 'int64';
  readonly shape: readonly number[];
  readonly data: BigInt64Array<ArrayBuffer>;
}

/**
 * The inputs that an exported model asks for, for one sequence without padding.
 * @param attention 1 for each token that is attended to; all of them by default
 */
export function rowFeeds(
  inputs: readonly { readonly name: string }[],
  { input_ids, token_type_ids }: SequenceIds,
  attention: readonly number[] = input_ids.map(() => 1),
): Record<string, RowFeed> {
  const values: Readonly<Record<string, readonly number[]>> = {
    input_ids,
    attention_mask: attention,
    token_type_ids,
  };
  return Object.fromEntries(
    inputs.map(({ name }) => {
      const data = BigInt64Array.from(values[name]!, BigInt);
      return [name, { dtype: 'int64', shape: [1, data.length], data }];
    }),
  );
}
