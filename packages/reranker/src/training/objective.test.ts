import { binaryCrossEntropy, groupSoftmax } from '@rag/losses';
import { graphOf, nameOf } from '@rag/onnx';
import type { Objective } from '@rag/runtime';
import { describe, expect, test } from 'vitest';
import { classifierGraph } from '../classifier-graph.js';
import { tinyConfig } from '../testing/tiny.js';
import { rerankerObjective } from './objective.js';

const config = tinyConfig({ hidden_dropout_prob: 0.1, attention_probs_dropout_prob: 0.2 });
const pointwise = rerankerObjective({ config, loss: { kind: 'pointwise', loss: binaryCrossEntropy } });
const group = (teacher?: boolean) =>
  rerankerObjective({
    config,
    loss: { kind: 'group', loss: groupSoftmax, ...(teacher === undefined ? {} : { teacher }) },
  });

function build(objective: Objective, mode: 'train' | 'eval') {
  const { inputs, sum, weight, outputs = {} } = objective.build(mode);
  const graph = graphOf(inputs, { sum, weight, ...outputs });
  return { graph, names: inputs.map(nameOf), sum, weight, logits: outputs.logits! };
}
const sites = (names: readonly string[]) => names.filter((name) => name.startsWith('dropout.'));

test('the loss is a sum and a weight, both scalars, beside logits [batch]', () => {
  const { sum, weight, logits } = build(pointwise, 'train');
  expect([sum.shape, weight.shape]).toEqual([[], []]);
  expect(logits.shape).toHaveLength(1);
});

test.each(['train', 'eval'] as const)('its parameters are those of the model that scores: %s', (mode) => {
  const described = (values: ReturnType<typeof classifierGraph>['parameters']) =>
    values.map((value) => [nameOf(value), value.shape]);
  expect(described(build(pointwise, mode).graph.parameters)).toEqual(
    described(classifierGraph(config, 1).parameters),
  );
});

describe('inputs', () => {
  test('of a pointwise loss are labels and weights, of a group loss its layout', () => {
    expect(build(pointwise, 'eval').names.slice(7)).toEqual(['labels', 'row_weight']);
    expect(build(group(), 'eval').names.slice(7)).toEqual(['group_index', 'labels', 'mask']);
  });

  test('teacher scores are one only when asked for', () => {
    expect(build(group(true), 'eval').names).toContain('teacher_scores');
    expect(build(group(false), 'eval').names).not.toContain('teacher_scores');
  });
});

describe('dropout', () => {
  test('has two inputs per site in training, none in evaluation', () => {
    // Embeddings, attention weights, two outputs of the layer, pooled vector.
    expect(sites(build(pointwise, 'train').names)).toHaveLength(10);
    expect(sites(build(pointwise, 'eval').names)).toEqual([]);
  });

  test('is none where config.json asks for none', () => {
    const objective = rerankerObjective({
      config: tinyConfig(),
      loss: { kind: 'pointwise', loss: binaryCrossEntropy },
    });
    expect(sites(build(objective, 'train').names)).toEqual([]);
  });

  test('of the classifier is its own where config.json says so', () => {
    const objective = rerankerObjective({
      config: tinyConfig({ classifier_dropout: 0.3 }),
      loss: { kind: 'pointwise', loss: binaryCrossEntropy },
    });
    expect(sites(build(objective, 'train').names)).toEqual(['dropout.0.rows', 'dropout.0.columns']);
  });
});
