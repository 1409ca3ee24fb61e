import {
  cast,
  concat,
  floor,
  GraphError,
  gather,
  mul,
  parameter,
  reshape,
  slice,
  sub,
  unsqueeze,
  type Value,
} from '@rag/onnx';

/** How the elements of a parameter are kept; all but float32 are for parameters that are not trained. */
export const PARAMETER_STORAGES = ['float32', 'float16', 'bfloat16', 'int8', 'int4'] as const;
export type ParameterStorage = (typeof PARAMETER_STORAGES)[number];

/** Columns of a row that share a scale in int4, as in ONNX Runtime's `MatMulNBits` with block_size 32. */
export const INT4_BLOCK = 32;

/** The graph parameters that one model parameter is stored as, in the order in which `packParameter` gives them. */
export interface StoredTensorSpec {
  readonly name: string;
  readonly dtype: 'float32' | 'float16' | 'bfloat16' | 'int8' | 'uint8';
  readonly shape: readonly number[];
}

/**
 * What a parameter is stored as:
 * - float32, float16, bfloat16: itself;
 * - int8: itself [out, in], and `<name>.scale` float32 [out, 1];
 * - int4: itself as uint8 [out, blocks, 16], two steps in a byte with the earlier column in the lower half and 8 for zero, and `<name>.scale`
 *   float32 [out, blocks]; blocks = ⌈in / 32⌉.
 * @throws GraphError for int8 and int4 of what is no matrix
 */
export function storedTensors(
  name: string,
  shape: readonly number[],
  storage: ParameterStorage,
): readonly StoredTensorSpec[] {
  if (storage === 'float32' || storage === 'float16' || storage === 'bfloat16')
    return [{ name, dtype: storage, shape }];
  const [out, width] = shape;
  if (shape.length !== 2 || !out || !width)
    throw new GraphError(
      name,
      `expected a matrix to store as ${storage}, got [${shape.join(', ')}] — store it as float32`,
    );
  const scale = (columns: number) =>
    ({ name: `${name}.scale`, dtype: 'float32', shape: [out, columns] }) as const;
  if (storage === 'int8') return [{ name, dtype: 'int8', shape }, scale(1)];
  const blocks = Math.ceil(width / INT4_BLOCK);
  return [{ name, dtype: 'uint8', shape: [out, blocks, INT4_BLOCK / 2] }, scale(blocks)];
}

/** A parameter as float32 computed from how it is stored: the whole of it, or rows of a table at int64 ids. */
export function storedParameter(
  name: string,
  shape: readonly number[],
  storage: Exclude<ParameterStorage, 'float32'>,
): { value(): Value; rows(ids: Value): Value } {
  const [stored, scale] = storedTensors(name, shape, storage).map((spec) =>
    parameter(spec.name, spec.shape, spec.dtype),
  ) as [Value, Value?];
  const width = shape.at(-1) ?? 1;
  const widen = (codes: Value, scales: Value | undefined): Value => {
    if (!scales) return cast(codes, 'float32');
    return storage === 'int8' ? mul(cast(codes, 'float32'), scales) : widenInt4(codes, scales, width);
  };
  let whole: Value | undefined;
  return {
    value: () => (whole ??= widen(stored, scale)),
    rows: (ids) => {
      if (storage !== 'int4' || ids.shape.length === 1)
        return widen(gather(stored, ids), scale && gather(scale, ids));
      throw new GraphError(name, `expected ids of one axis for rows of int4, got [${ids.shape.join(', ')}]`);
    },
  };
}

/** Codes uint8 [rows, blocks, 16] and scales [rows, blocks] → float32 [rows, width]; every step of it is exact but the last product. */
function widenInt4(codes: Value, scales: Value, width: number): Value {
  const blocks = codes.shape[1] as number;
  const bytes = cast(codes, 'float32');
  const high = floor(mul(bytes, 1 / 16));
  const low = sub(bytes, mul(high, 16));
  const steps = reshape(concat([unsqueeze(low, [3]), unsqueeze(high, [3])], 3), [0, 0, INT4_BLOCK]);
  const values = reshape(mul(sub(steps, 8), unsqueeze(scales, [2])), [0, blocks * INT4_BLOCK]);
  return blocks * INT4_BLOCK === width ? values : slice(values, [0], [width], [1]);
}
