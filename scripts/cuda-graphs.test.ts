import { describe, expect, test } from 'vitest';
import { cudaKernels, hostNodes } from '../packages/runtime/src/testing/cuda-placement.js';
import {
  type CudaGraph,
  configurationOf,
  configurations,
  objectives,
  productGraph,
  servingGraphs,
  trainingGraphs,
} from './cuda-graphs.js';

const table = cudaKernels();

/** One line for each node that would leave the device, but for arithmetic on shapes, which ONNX Runtime keeps on the host by design. */
const leaving = (graphs: readonly CudaGraph[]): string[] =>
  graphs.flatMap(({ name, graph, weights }) =>
    hostNodes(graph, table, { weights })
      .filter(({ shapeArithmetic }) => !shapeArithmetic)
      .map(({ node, types, reason }) => `${name}: ${node}(${types}): ${reason}`),
  );

const trained = (name: string, config: ReturnType<typeof configurationOf>, few: boolean): CudaGraph[] =>
  objectives(config, few).flatMap(([task, objective]) => trainingGraphs(`${name}: ${task}`, objective));

describe('every node that CUDA gets runs on CUDA', () => {
  // Architectures and losses differ in nodes of their own; every loss over every architecture is for `pnpm test:long`.
  const few = !process.env.RAG_LONG;

  test.each(configurations)('%s', (name) => {
    const config = configurationOf(name);
    const graphs = [...trained(name, config, few), ...servingGraphs(name, config, few)];
    expect(graphs.length).toBeGreaterThan(10);
    expect(leaving(graphs)).toEqual([]);
  });

  test('every loss and every head', () => {
    const config = configurationOf('bert', 1);
    const graphs = [...trained('bert', config, false), ...servingGraphs('bert', config, false)];
    const losses = graphs.filter(({ name }) => name.endsWith('whole, backward'));
    expect(losses.length).toBeGreaterThan(30);
    expect(leaving([...graphs, productGraph()])).toEqual([]);
  });
});

test('the graphs hold arithmetic on shapes that stays on the host', () => {
  const graphs = trained('deberta-v2', configurationOf('deberta-v2'), true);
  const found = graphs.flatMap(({ graph }) => hostNodes(graph, table, { weights: 'inputs' }));
  expect(found.filter(({ shapeArithmetic }) => shapeArithmetic).length).toBeGreaterThan(10);
});
