import { describe, expect, test } from 'vitest';
import { decodeModel, type Graph } from '../packages/onnx/src/index.js';
import { openModel } from '../packages/onnx/src/testing/run-graph.js';
import { compile, type Objective, type Segment } from '../packages/runtime/src/index.js';
import { lowerForward, lowerTraining } from '../packages/runtime/src/training/lower.js';
import type { NarrowPrecision } from '../packages/runtime/src/training/precision.js';
import { configurationOf, configurations, objectives } from './cuda-graphs.js';

const zeros = (shape: readonly number[]): Float32Array => new Float32Array(shape.reduce((a, b) => a * b, 1));
const segmentsOf = (objective: Objective): readonly Segment[] =>
  compile(objective, { initial: (_, shape) => zeros(shape), optimizer: {} }).segments;

/** What a segment runs in training and in evaluation. */
const models = (
  { trainingModel, evalModel, forwardModel }: Segment,
  narrow: NarrowPrecision,
): Uint8Array[] => [
  lowerTraining(trainingModel!, 'overwrite', 'cpu', narrow),
  lowerForward(evalModel, 'cpu', narrow),
  ...(forwardModel ? [lowerForward(forwardModel, 'cpu', narrow)] : []),
];

async function open(model: Uint8Array): Promise<void> {
  await (await openModel(model)).close();
}

const products = ({ nodes }: Graph, dtype: string): number =>
  nodes.filter(
    ({ op, outputs }) => ['MatMul', 'Gemm', 'FusedMatMul'].includes(op.opType) && outputs[0]!.dtype === dtype,
  ).length;

/** Architectures whose graphs are opened and of which every task is looked at, unless all are. */
const opened = process.env.RAG_LONG === undefined ? ['bert', 'deberta-v2', 'modernbert'] : configurations;

describe.each(configurations)('mixed precision of %s', (name) => {
  const isOpened = opened.includes(name);
  const tasks = objectives(configurationOf(name), isOpened ? 'tasks' : 'reranker');

  const testOpened = isOpened ? test : () => {};
  testOpened('every graph of the three tasks opens, emulated and in float16', async () => {
    expect(tasks).toHaveLength(3);
    for (const [task, objective] of tasks)
      for (const segment of segmentsOf(objective)) {
        const formats: NarrowPrecision[] = [
          { dtype: 'bfloat16', emulate: true },
          ...(task.startsWith('reranker') ? [{ dtype: 'float16', emulate: false } as const] : []),
        ];
        for (const narrow of formats) for (const model of models(segment, narrow)) await open(model);
      }
  });

  test('all products of the model are narrow, forward and backward, and none of the scores', () => {
    for (const [task, objective] of tasks)
      for (const segment of segmentsOf(objective)) {
        const narrow = { dtype: 'bfloat16', emulate: false } as const;
        const [training, evaluation] = models(segment, narrow).map((model) => decodeModel(model).graph);
        const forward = products(evaluation!, 'bfloat16');
        const wide = products(evaluation!, 'float32');
        // Mean pooling is a product of the encoder, similarities are those of the losses.
        const scores = task.startsWith('reranker') ? 0 : task.startsWith('colbert') ? 2 : 1;
        expect([task, segment.name, wide]).toEqual([task, segment.name, scores]);
        expect(forward > 0).toBe(segment.name !== 'head');
        // A product has two gradients: all parameters are trained, those of the embeddings too.
        expect([task, segment.name, products(training!, 'bfloat16')]).toEqual([
          task,
          segment.name,
          3 * forward,
        ]);
      }
  });
});
