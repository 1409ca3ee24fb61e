import { encoderInputs, noDropout } from '@rag/models';
import { graphOf, l2Normalize, nameOf } from '@rag/onnx';
import { numbersOf, runGraph } from '@rag/onnx/testing';
import { tensorsOf } from '@rag/runtime';
import { packedTensors, packSequences } from '@rag/text';
import { describe, expect, it } from 'vitest';
import { embed, embeddingGraph } from './embedding-graph.js';
import { DENSE_ACTIVATIONS, type DenseActivation, type EmbeddingHead } from './embedding-head.js';
import { tinyConfig, tinyHead, tinyTexts, tinyTokenizer, tinyWeights } from './testing/tiny.js';
import { textEncoder } from './text-encoder.js';

const config = tinyConfig();
const encoder = textEncoder(tinyTokenizer(), config, 32);
const packed = packSequences(tinyTexts(4).map(encoder.encode), { padId: 0, mode: 'packed' });

async function run(graph: ReturnType<typeof embeddingGraph>) {
  const weights = tinyWeights(config);
  const parameters = graph.parameters.map((value) => {
    const [name, shape] = [nameOf(value), value.shape as readonly number[]];
    return [name, { dtype: 'float32', shape, data: weights(name, shape) }] as const;
  });
  const free = graphOf([...graph.inputs, ...graph.parameters], graph.outputs);
  const { vectors } = await runGraph(free, {
    ...(tensorsOf(packedTensors(packed)) as Record<string, never>),
    ...Object.fromEntries(parameters),
  });
  return { shape: vectors!.shape, rows: Array.from(numbersOf(vectors!)) };
}
const graphWith = (head: Partial<EmbeddingHead>) => embeddingGraph(config, { ...tinyHead, ...head });

it('names the parameters of the bare encoder, and of a Dense by its folder', () => {
  const names = embeddingGraph(config, tinyHead).parameters.map(nameOf);
  expect(names).toContain('embeddings.word_embeddings.weight');
  expect(names).toContain('encoder.layer.0.attention.self.query.bias');
  expect(names.filter((name) => !/^(embeddings|encoder)\./.test(name))).toEqual([
    '2_Dense.linear.weight',
    '2_Dense.linear.bias',
  ]);
  const [dense] = tinyHead.dense;
  const without = graphWith({ dense: [{ ...dense!, bias: false }] }).parameters.map(nameOf);
  expect(without).not.toContain('2_Dense.linear.bias');
});

it('takes pooling_mask only where the head leaves the prompt out', () => {
  const inputs = (head: EmbeddingHead) => embeddingGraph(config, head).inputs.map(nameOf);
  expect(inputs(tinyHead)).not.toContain('pooling_mask');
  expect(inputs({ ...tinyHead, includePrompt: false })).toContain('pooling_mask');
});

it('normalises at its end, which `embed` leaves to its caller', async () => {
  const inputs = encoderInputs();
  const bare = graphOf(Object.values(inputs), {
    vectors: l2Normalize(embed(config, tinyHead, inputs, noDropout)),
  });
  const served = await run(graphWith({}));
  expect(served.shape).toEqual([4, 8]);
  expect(await run(bare)).toEqual(served);
  expect((await run(graphWith({ normalize: false }))).rows).not.toEqual(served.rows);
});

describe('activations', () => {
  const erf = (x: number) => {
    // The series of erf, exact to float32 for the small numbers of this model.
    let [term, sum] = [x, x];
    for (let n = 1; n < 40; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  };
  const definitions: Readonly<Record<DenseActivation, (x: number) => number>> = {
    identity: (x) => x,
    tanh: Math.tanh,
    gelu: (x) => (x * (1 + erf(x / Math.SQRT2))) / 2,
    relu: (x) => Math.max(x, 0),
    silu: (x) => x / (1 + Math.exp(-x)),
    sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  };
  const withActivation = (activation: DenseActivation) =>
    run(graphWith({ normalize: false, dense: [{ ...tinyHead.dense[0]!, activation }] }));

  it.each(DENSE_ACTIVATIONS)('%s', async (activation) => {
    const linear = (await withActivation('identity')).rows;
    const found = (await withActivation(activation)).rows;
    expect(linear.some((x) => x < -0.1) && linear.some((x) => x > 0.1)).toBe(true);
    for (const [i, x] of linear.entries()) expect(found[i]).toBeCloseTo(definitions[activation](x), 5);
  });
});

it('a head that does not fit is an error', () => {
  expect(() => graphWith({ pooling: ['cls', 'mean'] })).toThrow('2_Dense: expected in_features 32');
});
