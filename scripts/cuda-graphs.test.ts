import { describe, expect, test } from 'vitest';
import { cudaKernels, hostNodes } from '../packages/runtime/src/testing/cuda-placement.js';
import type { Precision } from '../packages/runtime/src/training/precision.js';
import {
  type CudaGraph,
  configurationOf,
  configurations,
  narrowGraphs,
  narrowings,
  objectives,
  precisions,
  productGraph,
  servingGraphs,
  trainingGraphs,
  updateGraphs,
} from './cuda-graphs.js';
import { leaving } from './cuda-leaving.js';

const table = cudaKernels();

/** The ops that have no kernel on the device. */
const opsWithout = (graphs: readonly CudaGraph[]): string[] => [
  ...new Set(
    graphs.flatMap(({ graph, weights }) =>
      hostNodes(graph, table, { weights })
        .filter(({ reason }) => reason === 'no kernel')
        .map(({ node }) => node.split('/').at(-1)!),
    ),
  ),
];

type Config = ReturnType<typeof configurationOf>;

const trained = (
  name: string,
  config: Config,
  which: 'all' | 'tasks' | 'reranker',
  formats: readonly Precision[],
): CudaGraph[] =>
  formats.flatMap((precision) =>
    objectives(config, which).flatMap(([task, objective]) =>
      trainingGraphs(`${name}: ${task}`, objective, precision),
    ),
  );

const narrow = precisions.filter((precision) => precision !== 'fp32');
/** Whether every loss runs over every architecture in every precision; what each adds is its own nodes. */
const long = process.env.RAG_LONG !== undefined;

describe('every node that CUDA gets runs on CUDA', () => {
  test.each(configurations)('%s', (name) => {
    const config = configurationOf(name);
    const graphs = [
      ...trained(name, config, long ? 'all' : 'tasks', ['fp32']),
      ...trained(name, config, long ? 'all' : 'reranker', narrow),
      ...servingGraphs(name, config, !long),
    ];
    expect(graphs.length).toBeGreaterThan(20);
    expect(leaving(graphs)).toEqual([]);
  });

  test('every loss and every head', () => {
    const config = configurationOf('bert', 1);
    const graphs = [...trained('bert', config, 'all', ['fp32']), ...servingGraphs('bert', config, false)];
    const losses = graphs.filter(({ name }) => name.endsWith('whole, backward'));
    expect(losses.length).toBeGreaterThan(30);
    expect(leaving([...graphs, ...updateGraphs(), productGraph()])).toEqual([]);
  });
});

test('narrow exports run on CUDA, but for q8, whose products draw most of the graph to the host: it is refused there', () => {
  for (const name of long ? configurations : ['bert', 'modernbert', 'deberta-v2']) {
    const config = configurationOf(name, 2);
    const [fp16, q4, q8] = narrowings.map((dtype) => narrowGraphs(name, config, dtype));
    expect(leaving([...fp16!, ...q4!])).toEqual([]);
    expect(opsWithout(q8!).sort()).toEqual(['DynamicQuantizeLinear', 'MatMulInteger']);
  }
});

test('the graphs hold arithmetic on shapes that stays on the host', () => {
  const graphs = trained('deberta-v2', configurationOf('deberta-v2'), 'reranker', ['fp32']);
  const found = graphs.flatMap(({ graph }) => hostNodes(graph, table, { weights: 'inputs' }));
  expect(found.filter(({ shapeArithmetic }) => shapeArithmetic).length).toBeGreaterThan(10);
});
