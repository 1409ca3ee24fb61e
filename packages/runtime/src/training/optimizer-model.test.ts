import { decodeModel, encodeModel, graphOf, identity, input } from '@rag/onnx';
import { describe, expect, it, test } from 'vitest';
import { ArtifactError } from '../artifacts/error.js';
import {
  checkOneGroup,
  decodeOptimizer,
  defaultGroupOf,
  encodeOptimizer,
  type OptimizerPlan,
} from './optimizer-model.js';

const names = ['dense.weight', 'dense.bias', 'LayerNorm.weight'];
const key = 'rag.parameter_groups';

/** The same optimizer with other text where the groups are, or none. */
const withGroups = (text: string | undefined): Uint8Array =>
  encodeModel(decodeModel(encodeOptimizer({}, names)).graph, {
    metadata: text === undefined ? {} : { [key]: text },
  });

/** The same optimizer with the numbers of its node changed. */
function withAttributes(change: Readonly<Record<string, number>>): Uint8Array {
  const { graph } = decodeModel(encodeOptimizer({}, names));
  const { op, inputs, attributes } = graph.nodes.find((node) => node.op.opType === 'AdamWOptimizer')!;
  const outputs: (typeof graph.inputs)[number][] = [];
  const node = {
    kind: 'node' as const,
    op,
    inputs,
    attributes: { ...attributes, ...change },
    outputs,
    scope: '',
    hint: undefined,
  };
  outputs.push({ dtype: 'bool', shape: [1], source: node, index: 0 });
  return encodeModel(graphOf(graph.inputs, { updated: outputs[0]! }));
}

describe('an optimizer model', () => {
  it('keeps its settings, as float32, and its groups', () => {
    const groupOf = (name: string) => ({ weightDecay: 0.1, rate: name === 'dense.bias' ? 10 : 1 });
    const settings = { beta1: 0.8, beta2: 0.99, epsilon: 1e-6, maxGradNorm: 0.3, groupOf };
    const plan: OptimizerPlan = {
      beta1: Math.fround(0.8),
      beta2: Math.fround(0.99),
      epsilon: Math.fround(1e-6),
      maxGradNorm: Math.fround(0.3),
      groups: [
        { parameters: ['dense.weight', 'LayerNorm.weight'], weightDecay: 0.1, rate: 1 },
        { parameters: ['dense.bias'], weightDecay: 0.1, rate: 10 },
      ],
    };
    expect(decodeOptimizer(encodeOptimizer(settings, names), names)).toEqual(plan);
  });

  it('decays by 0.01 and does not clip by default', () => {
    const { maxGradNorm, groups } = decodeOptimizer(encodeOptimizer({}, names), names);
    expect(maxGradNorm).toBeUndefined();
    expect(groups).toEqual([
      { parameters: ['dense.weight'], weightDecay: 0.01, rate: 1 },
      { parameters: ['dense.bias', 'LayerNorm.weight'], weightDecay: 0, rate: 1 },
    ]);
  });

  test.each([
    ['bert.encoder.layer.0.output.dense.weight', 0.1],
    ['bert.embeddings.word_embeddings.weight', 0.1],
    ['enormous.weight', 0.1],
    ['bias_table.weight', 0.1],
    ['bert.encoder.layer.0.output.dense.bias', 0],
    ['bias', 0],
    ['bert.encoder.layer.0.output.LayerNorm.weight', 0],
    ['model.layers.0.input_layernorm.weight', 0],
    ['encoder.final_layer_norm.weight', 0],
    ['model.layers.0.self_attn.q_norm.weight', 0],
    ['model.norm.weight', 0],
    ['blocks.0.norm1.weight', 0],
  ])('gives %s a decay of %d', (name, weightDecay) => {
    expect(defaultGroupOf(name, { weightDecay: 0.1 })).toEqual({ weightDecay, rate: 1 });
  });

  it('without our metadata has one group with the decay of its node', () => {
    expect(decodeOptimizer(withGroups(undefined), names).groups).toEqual([
      { parameters: names, weightDecay: Math.fround(0.01), rate: 1 },
    ]);
  });

  test.each([[{ weightDecay: Number.NaN, rate: 1 }], [{ weightDecay: 0, rate: -1 }]])(
    'is not made of %j',
    (group) => {
      const attempt = () => encodeOptimizer({ groupOf: () => group }, names);
      expect(attempt).toThrow(ArtifactError);
      expect(attempt).toThrow(/parameter "dense.weight": .*finite numbers ≥ 0/);
    },
  );

  const group = (parameters: unknown, more: object = {}) => ({
    parameters,
    weightDecay: 0,
    rate: 1,
    ...more,
  });
  const values: [string, unknown, RegExp][] = [
    ['misses a parameter', [group(names.slice(0, 2))], /got "LayerNorm.weight" in none/],
    ['has no groups', [], /got "dense.weight" in none/],
    ['names one twice in a group', [group([...names, 'dense.bias'])], /got "dense.bias" twice/],
    ['names one in two groups', [group(names), group(['dense.bias'])], /got "dense.bias" twice/],
    ['names one that is not trained', [group([...names, 'other'])], /"other" besides, which is not trained/],
    ['has a group of no parameters', [group(names), group([])], /expected a list of/],
    ['is null', null, /expected a list of/],
    ['is an object', group(names), /expected a list of/],
    ['holds null', [null], /expected a list of/],
    ['holds a name', names, /expected a list of/],
    ['has names that are text', [group('dense.weight')], /expected a list of/],
    ['has names that are numbers', [group([1, 2, 3])], /expected a list of/],
    ['has a decay that is text', [group(names, { weightDecay: '0.1' })], /expected a list of/],
    ['has a decay that JSON cannot say', [group(names, { weightDecay: Number.NaN })], /expected a list of/],
    ['has a negative rate', [group(names, { rate: -1 })], /expected a list of/],
    ['has no rate', [{ parameters: names, weightDecay: 0 }], /expected a list of/],
  ];
  test.each(values)('is refused where its metadata %s', (_, value, message) => {
    const attempt = () => decodeOptimizer(withGroups(JSON.stringify(value)), names);
    expect(attempt).toThrow(ArtifactError);
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(/^optimizer_model\.onnx: metadata "rag\.parameter_groups": /);
  });

  it('is refused where its metadata is no JSON', () => {
    const attempt = () => decodeOptimizer(withGroups('[{'), names);
    expect(attempt).toThrow(ArtifactError);
    expect(attempt).toThrow(/metadata "rag\.parameter_groups": expected JSON/);
  });

  it('is refused where it is another optimizer', () => {
    const x = input('x', 'float32', [1]);
    const other = encodeModel(graphOf([x], { y: identity(x) }));
    expect(() => decodeOptimizer(other, names)).toThrow(ArtifactError);
    expect(() => decodeOptimizer(other, names)).toThrow(/expected one AdamWOptimizer, got Identity/);
    expect(() => decodeOptimizer(withAttributes({ adam_mode: 1 }), names)).toThrow(
      /adam_mode 0.*got 1 and 1/,
    );
    expect(() => decodeOptimizer(withAttributes({ correct_bias: 0 }), names)).toThrow(/got 0 and 0/);
    expect(decodeOptimizer(withAttributes({}), names).groups).toHaveLength(1);
  });
});

it("ONNX Runtime's own optimizer does one group at rate 1", () => {
  const plan = (...rates: number[]): OptimizerPlan => ({
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    maxGradNorm: undefined,
    groups: rates.map((rate) => ({ parameters: names, weightDecay: 0, rate })),
  });
  expect(() => checkOneGroup(plan(1))).not.toThrow();
  expect(() => checkOneGroup(plan(2))).toThrow(/got 1 at 2 — compile with a groupOf/);
  expect(() => checkOneGroup(plan(1, 1))).toThrow(/got 2 at 1, 1/);
  expect(() => checkOneGroup(plan())).toThrow(/got 0 at none/);
});
