import { graphOf, nameOf } from '@rag/onnx';
import type { Objective } from '@rag/runtime';
import { describe, expect, test } from 'vitest';
import { embeddingGraph } from '../embedding-graph.js';
import { tinyConfig } from '../testing/tiny.js';
import { distillHead, mrlHead } from './heads.js';
import { type EmbeddingLoss, embeddingObjective, embeddingParameters } from './objective.js';
import { bareHead, droppingConfig } from './testing/examples.js';

const config = droppingConfig();
const objective = (loss: EmbeddingLoss, head = bareHead, gradCache = false) =>
  embeddingObjective({ config, head, loss, gradCache });

function build(of: Objective, mode: 'train' | 'eval') {
  const { inputs, sum, weight, cuts, chunkCut } = of.build(mode);
  const graph = graphOf(inputs, { sum, weight });
  return { graph, names: inputs.map(nameOf), sum, weight, cuts, chunkCut };
}
const sites = (names: readonly string[]) => names.filter((name) => name.startsWith('dropout.'));
const student = distillHead(config, bareHead, 24);
const losses: EmbeddingLoss[] = [
  { kind: 'in-batch', mrlDims: [4, 16] },
  { kind: 'scored' },
  { kind: 'scored', compat: true },
  { kind: 'margin-mse' },
  { kind: 'cosent' },
  { kind: 'angle' },
];

test.each(losses)('$kind is a sum and a weight, both scalars, in training and evaluation', (loss) => {
  for (const mode of ['train', 'eval'] as const) {
    const { sum, weight, graph } = build(objective(loss), mode);
    expect([sum.shape, weight.shape]).toEqual([[], []]);
    expect(graph.parameters.map(nameOf)).toEqual(embeddingGraph(config, bareHead).parameters.map(nameOf));
  }
});

test('its parameters are those of the model that encodes', () => {
  const head = mrlHead(config, bareHead, [4, 8]);
  const described = build(objective({ kind: 'in-batch' }, head), 'train').graph.parameters;
  expect(described.map((value) => ({ name: nameOf(value), shape: value.shape }))).toEqual(
    embeddingParameters(config, head),
  );
  expect(embeddingParameters(config, head).slice(-2)).toEqual([
    { name: '2_Dense.linear.weight', shape: [8, 16] },
    { name: '2_Dense.linear.bias', shape: [8] },
  ]);
});

test('inputs are the packed texts and what the collate functions feed', () => {
  const fed = (loss: EmbeddingLoss, head = bareHead) => build(objective(loss, head), 'eval').names.slice(7);
  expect(fed({ kind: 'in-batch' })).toEqual([
    'query_index',
    'candidate_index',
    'target',
    'mask',
    'row_weight',
  ]);
  for (const loss of losses.slice(1))
    expect(fed(loss)).toEqual(['query_index', 'content_index', 'teacher_scores', 'mask']);
  expect(fed({ kind: 'distill', teacherWidth: 24 }, student)).toEqual([
    'text_index',
    'teacher',
    'row_weight',
  ]);
});

describe('dropout', () => {
  test('has two inputs per site in training, none in evaluation', () => {
    // Embeddings; of each of two layers the attention weights and two outputs.
    expect(sites(build(objective({ kind: 'in-batch' }), 'train').names)).toHaveLength(14);
    expect(sites(build(objective({ kind: 'in-batch' }), 'eval').names)).toEqual([]);
  });
});

test('is cut at the vectors for GradCache alone', () => {
  const head = mrlHead(config, bareHead, [4, 8]);
  expect(build(objective({ kind: 'in-batch' }, head), 'train').cuts).toEqual([]);
  const { cuts, chunkCut } = build(objective({ kind: 'in-batch' }, head, true), 'train');
  expect(cuts!.map((cut) => Object.keys(cut))).toEqual([['vectors']]);
  expect(chunkCut).toBe('vectors');
  expect(cuts![0]!.vectors!.shape).toEqual(['batch', 8]);
});

test('refuses what it cannot train', () => {
  expect(() => objective({ kind: 'in-batch' }, { ...bareHead, includePrompt: false })).toThrow(
    'expected a head that pools the prompt too',
  );
  expect(() => objective({ kind: 'distill', teacherWidth: 20 }, student)).toThrow(
    "expected vectors of the teacher's width 20, got 24 — append distillHead()",
  );
  expect(() =>
    build(
      embeddingObjective({ config: tinyConfig(), head: bareHead, loss: { kind: 'in-batch', mrlDims: [17] } }),
      'eval',
    ),
  ).toThrow(/from 1 to 16, got 17/);
});
