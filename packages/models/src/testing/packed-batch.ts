/** Places of a batch of sequences, as `packSequences` of @rag/text lays them out: one filler row at the end. */
export interface PackedPlaces {
  readonly tokens: number;
  readonly seq: number;
  readonly position_ids: BigInt64Array;
  readonly block_index: BigInt64Array;
  readonly token_index: BigInt64Array;
  readonly attention_mask: Float32Array;
  readonly first_token: BigInt64Array;
  /** For each row but the filler: its sequence and its place there. */
  readonly cells: readonly { readonly sequence: number; readonly t: number; readonly real: boolean }[];
}

/** Sequences of the given lengths, packed, or with every cell of the padded block as a row. */
export function packedBatch(
  lengths: readonly number[],
  { mode = 'packed', seq = Math.max(...lengths) }: { mode?: 'packed' | 'padded'; seq?: number } = {},
): PackedPlaces {
  const cells = lengths.flatMap((length, sequence) =>
    Array.from({ length: mode === 'padded' ? seq : length }, (_, t) => ({ sequence, t, real: t < length })),
  );
  const filler = cells.length;
  const block = new Array<number>(lengths.length * seq).fill(filler);
  for (const [row, { sequence, t }] of cells.entries()) block[sequence * seq + t] = row;
  const attention_mask = new Float32Array(block.length);
  for (const { sequence, t, real } of cells) if (real) attention_mask[sequence * seq + t] = 1;
  const int64 = (values: readonly number[]) => BigInt64Array.from(values, BigInt);
  return {
    tokens: filler + 1,
    seq,
    position_ids: int64([...cells.map(({ t }) => t), 0]),
    block_index: int64(block),
    token_index: int64([
      ...cells.map(({ sequence, t }) => sequence * seq + t),
      Math.max(0, attention_mask.indexOf(0)),
    ]),
    attention_mask,
    first_token: int64(lengths.map((_, sequence) => block[sequence * seq]!)),
    cells,
  };
}
