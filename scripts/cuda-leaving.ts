import { cudaKernels, hostNodes } from '../packages/runtime/src/testing/cuda-placement.js';
import type { CudaGraph } from './cuda-graphs.js';

const table = cudaKernels();

/** One line for each node that would leave the device, but for arithmetic on shapes, which ONNX Runtime keeps on the host by design. */
export const leaving = (graphs: readonly CudaGraph[]): string[] =>
  graphs.flatMap(({ name, graph, weights }) =>
    hostNodes(graph, table, { weights })
      .filter(({ shapeArithmetic }) => !shapeArithmetic)
      .map(({ node, types, reason }) => `${name}: ${node}(${types}): ${reason}`),
  );
