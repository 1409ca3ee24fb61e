export { floats, type HostTensor, inPrecision, numbersOf, spreadFloats, tensor } from './host-tensor.js';
export {
  type OpenGraph,
  type OpenOptions,
  openGraph,
  openModel,
  runGraph,
  type SessionOptions,
} from './run-graph.js';
export { type OpCase, type OpReport, type Precision, testOp } from './test-op.js';
