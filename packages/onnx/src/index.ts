export { gradients } from './grad/gradients.js';
export { addDims, divDims, evaluateDim, isStatic, mulDims, sameShape, sizeOf, subDims } from './ir/dim.js';
export { GraphError } from './ir/error.js';
export { type Differentiation, defineOp, type Op, type OpRule, type TypedOp } from './ir/op.js';
export { leavesOf, topologicalOrder } from './ir/order.js';
export { printGraph } from './ir/print.js';
export { type Rewriter, replaceValues, rewrite } from './ir/rewrite.js';
export { type Graph, graphOf, nameOf, trace } from './ir/trace.js';
export {
  type Dim,
  type DType,
  dtypeOfCode,
  dtypes,
  formatType,
  isFloat,
  type Shape,
  type TensorType,
  type TypedArray,
} from './ir/type.js';
export {
  type Attributes,
  constant,
  constantNumbers,
  describe,
  input,
  type Node,
  type Operand,
  parameter,
  scope,
  sequenceInput,
  type Value,
} from './ir/value.js';
export * from './ops/index.js';
export { finiteSoftmax } from './pass/finite-softmax.js';
export { firstRows, type PackedPlaces } from './pass/first-rows.js';
export { foldConstants } from './pass/fold.js';
export { fuseMatmul } from './pass/fuse-matmul.js';
export { type MixedPrecisionOptions, mixedPrecision, type NarrowFloat } from './pass/mixed-precision.js';
export { optimize, type Provider, passesFor } from './pass/optimize.js';
export type { Pass } from './pass/pass.js';
export { recomputeActivations } from './pass/recompute.js';
export { shapesFromInputs } from './pass/shapes-from-inputs.js';
export { shareIntegers } from './pass/share.js';
export { simplify } from './pass/simplify.js';
export { type DecodedModel, decodeModel, readModelProto, typeOf } from './proto/decode.js';
export {
  type BlockedNode,
  type DecodedParameter,
  decodeTrainable,
  formatBlocked,
  type TrainableDecoding,
  type TrainableOptions,
  trainability,
} from './proto/decode-trainable.js';
export {
  type EncodeOptions,
  type ExternalData,
  encodeModel,
  toModelProto,
  valueInfo,
} from './proto/encode.js';
export { exchangeWeights } from './proto/exchange-weights.js';
export type { ModelProto } from './proto/generated/onnx-ml_pb.js';
export {
  constantInitializers,
  type InitializerElements,
  initializerElements,
  inlineInitializers,
} from './proto/initializers.js';
