import {
  add,
  concat,
  constant,
  gather,
  max,
  min,
  mul,
  pad,
  range,
  reshape,
  shapeOf,
  slice,
  squeeze,
  sub,
  type Value,
} from '@rag/onnx';

/** The length of axis `axis` of x, int64 [1]. */
const lengthOf = (x: Value, axis: number): Value => slice(shapeOf(x), [axis], [axis + 1], [0]);

/**
 * For the columns of a block, −seq, −seq+1, …, seq−1 as places in a table that begins at distance −`reach`: int64 [2·seq],
 * kept within the table. The order is that of `byDistance`: key column minus query column, with one place before them that
 * no pair of columns has.
 * @param block a value [batch, seq]
 */
export function distances(block: Value, reach: number): Value {
  const seq = lengthOf(block, 1);
  const from = sub(range(squeeze(mul(seq, constant([2], 'int64')), [0])), seq);
  const place = add(from, constant([reach], 'int64'));
  return min(max(place, constant([0], 'int64')), constant([2 * reach], 'int64'));
}

/** The tables that `distances` points into: `of` at −reach, −reach+1, …, reach, as int64. */
export const distanceTable = (reach: number, of: (distance: number) => number): Value =>
  constant(
    Array.from({ length: 2 * reach + 1 }, (_, i) => of(i - reach)),
    'int64',
  );

/** Rows of `table` for each place of `distances`. */
export const atDistances = (table: Value, block: Value, reach: number): Value =>
  gather(table, distances(block, reach));

/**
 * x [batch, heads, seq, 2·seq], whose column c belongs to the distance c − seq, as [batch, heads, seq, seq] by column:
 * element (i, j) is that of the distance j − i. Reshapes and cuts only (the shift of https://arxiv.org/abs/1901.02860,
 * appendix B), so the gradient needs no scatter.
 */
export function byDistance(x: Value): Value {
  const seq = lengthOf(x, 2);
  const int64 = (...sizes: number[]) => constant(sizes, 'int64');
  const twice = mul(seq, int64(2));
  // Row i begins at i·2seq; a row of one less begins one column further for each i.
  const rows = reshape(x, concat([int64(0, 0), twice, seq], 0));
  const shifted = reshape(
    slice(rows, [1], [Number.MAX_SAFE_INTEGER], [2]),
    concat([int64(0, 0), seq, sub(twice, int64(1))], 0),
  );
  const padded = pad(shifted, [0, 0, 0, 0], [0, 0, 0, 1]);
  const halves = reshape(padded, concat([int64(0, 0, 0, 2), seq], 0));
  return squeeze(slice(halves, [0], [1], [3]), [3]);
}
