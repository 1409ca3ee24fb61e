import { graphOf, nameOf } from '@rag/onnx';
import { describe, expect, test } from 'vitest';
import { colbertGraph } from '../colbert-graph.js';
import { tinyConfig, tinySettings } from '../testing/tiny.js';
import { type ColbertLoss, colbertObjective } from './objective.js';

const config = tinyConfig({ hidden_dropout_prob: 0.1, attention_probs_dropout_prob: 0.2 });
const settings = tinySettings();
const build = (kind: ColbertLoss['kind'], mode: 'train' | 'eval', gradCache = false) =>
  colbertObjective({ config, settings, loss: { kind }, gradCache }).build(mode);

describe.each(['in-batch', 'scored'] as const)('%s', (kind) => {
  test('the loss is a sum and a weight, both scalars, beside scores', () => {
    const { sum, weight, outputs } = build(kind, 'train');
    expect([sum.shape, weight.shape]).toEqual([[], []]);
    expect(outputs!.scores!.shape).toEqual(['queries', kind === 'in-batch' ? 'candidates' : 'size']);
  });

  test('its parameters are those of the model that scores', () => {
    const { inputs, sum, weight } = build(kind, 'eval');
    const described = (values: readonly Parameters<typeof nameOf>[0][]) =>
      values.map((value) => [nameOf(value), value.shape]);
    expect(described(graphOf(inputs, { sum, weight }).parameters)).toEqual(
      described(colbertGraph(config, settings).parameters),
    );
  });

  test('dropout is in training alone', () => {
    const sites = (mode: 'train' | 'eval') =>
      build(kind, mode)
        .inputs.map(nameOf)
        .filter((name) => name.startsWith('dropout.'));
    // Embeddings, attention weights, two outputs of the layer: two inputs each.
    expect(sites('train')).toHaveLength(8);
    expect(sites('eval')).toEqual([]);
  });

  test('the cut is at the token vectors, when asked for', () => {
    expect(build(kind, 'train').cuts).toEqual([]);
    const { cuts, chunkCut } = build(kind, 'train', true);
    expect(cuts!.map(Object.keys)).toEqual([['token_vectors']]);
    expect(chunkCut).toBe('token_vectors');
    expect(cuts![0]!.token_vectors!.shape).toEqual(['tokens', 8]);
  });
});

test('a temperature is above 0', () => {
  const loss = { kind: 'in-batch', temperature: 0 } as const;
  expect(() => colbertObjective({ config, settings, loss }).build('eval')).toThrow(
    /temperature above 0, got 0/,
  );
});
