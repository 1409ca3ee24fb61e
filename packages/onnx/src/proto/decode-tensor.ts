import { GraphError } from '../ir/error.js';
import { dtypeOfCode, dtypes, type TensorType, type TypedArray } from '../ir/type.js';
import { constant, type Value } from '../ir/value.js';
import { type TensorProto, TensorProto_DataLocation } from './generated/onnx-ml_pb.js';

/** What a TensorProto says of its elements, without looking at them. */
export function tensorType(tensor: TensorProto): TensorType {
  const where = `tensor "${tensor.name}"`;
  const dtype = dtypeOfCode(tensor.dataType);
  if (!dtype) throw new GraphError(where, `expected a supported element type, got code ${tensor.dataType}`);
  const shape = tensor.dims.map(Number);
  if (shape.some((dim) => dim < 0 || !Number.isSafeInteger(dim)))
    throw new GraphError(where, `expected sizes from 0 to 2^53, got [${shape.join(', ')}]`);
  return { dtype, shape };
}

/**
 * The constant that a TensorProto holds, raw or listed. Throws `GraphError` on external data, on an element type that
 * our graphs have none for, and where the elements are not as many as the dims say.
 */
export function tensorConstant(tensor: TensorProto): Value {
  const where = `tensor "${tensor.name}"`;
  const { dtype, shape } = tensorType(tensor);
  if (tensor.dataLocation === TensorProto_DataLocation.EXTERNAL)
    throw new GraphError(
      where,
      'expected elements in the model, got external data — load the model through a session',
    );
  const count = (shape as readonly number[]).reduce((product, dim) => product * dim, 1);
  return constant(elementsOf(tensor, dtype, count, where), dtype, shape as readonly number[]);
}

function elementsOf(
  tensor: TensorProto,
  dtype: TensorType['dtype'],
  count: number,
  where: string,
): TypedArray {
  const { array, bytes } = dtypes[dtype];
  if (tensor.rawData.byteLength > 0 || count === 0) {
    if (tensor.rawData.byteLength !== count * bytes)
      throw new GraphError(where, `expected ${count * bytes} bytes, got ${tensor.rawData.byteLength}`);
    // A copy: the message may be a view of a file, Node's Buffer for one, whose slice() would share it.
    return new array(new Uint8Array(tensor.rawData).buffer);
  }
  const listed = {
    float32: tensor.floatData,
    float64: tensor.doubleData,
    int64: tensor.int64Data,
    uint64: tensor.uint64Data,
  };
  const source: readonly (number | bigint)[] = listed[dtype as keyof typeof listed] ?? tensor.int32Data;
  if (source.length !== count)
    throw new GraphError(where, `expected ${count} elements, got ${source.length}`);
  const elements = new array(new ArrayBuffer(count * bytes));
  for (let i = 0; i < count; i++) elements[i] = source[i]!;
  return elements;
}
