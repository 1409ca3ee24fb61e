import {
  constant,
  encodeModel,
  gradients,
  graphOf,
  input,
  nameOf,
  printGraph,
  reduceSum,
  trace,
  type Value,
} from '@rag/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it, test } from 'vitest';
import { noDropout, trainingDropout } from '../dropout.js';
import { type EncoderInputs, encoderInputs, encoderInputTypes, lastToken } from '../encoder-inputs.js';
import { paddedGraph } from '../export/padded-graph.js';
import { type ParameterPath, parameterRoot } from '../parameters.js';
import { feedsOf, type Golden, loadGolden, worst, worstRow } from '../testing/golden-checkpoint.js';
import { architectures } from './index.js';

const causal = ['qwen2', 'qwen2-causal', 'llama-causal', 'gemma', 'gemma2', 'gemma3_text', 'minicpm'];

/** The outputs of a graph over a fixture's batch, packed and padded, whose numbers must be the same. */
async function run(
  { golden, weights }: Awaited<ReturnType<typeof loadGolden>>,
  build: (inputs: EncoderInputs) => Record<string, Value>,
) {
  const graph = trace(encoderInputTypes, build);
  const session = await InferenceSession.create(encodeModel(graph));
  const parameters = await weights(graph.parameters);
  const packed = await session.run({ ...feedsOf(golden, 'packed'), ...parameters });
  return { graph, packed, padded: await session.run({ ...feedsOf(golden, 'padded'), ...parameters }) };
}

const numbers = (tensor: { data: unknown } | undefined) => tensor!.data as Float32Array;

/** Gradients by name against torch's, within 1e-5 of the largest. */
function expectGradients(
  found: InferenceSession.OnnxValueMapType,
  theirs: NonNullable<Golden['gradients_of_asked_sum']>,
) {
  expect(Object.keys(theirs).length).toBeGreaterThan(3);
  for (const [name, { data }] of Object.entries(theirs)) {
    const scale = Math.max(...data.map(Math.abs));
    expect(worst(numbers(found[`slope of ${name}`] as Tensor), data) / scale, name).toBeLessThan(1e-5);
  }
}

const slopes = (sum: Value, root: ParameterPath, shapes: NonNullable<Golden['gradients_of_asked_sum']>) => {
  const names = Object.keys(shapes);
  const found = gradients(
    sum,
    names.map((name) => root.get(name, shapes[name]!.shape)),
  );
  return Object.fromEntries(names.map((name, i) => [`slope of ${name}`, found[i]!]));
};

describe.each(causal)('the causal head of %s', (name) => {
  it('gives the logits of transformers at the asked tokens and ids, and never one of the whole vocabulary', async () => {
    const fixture = await loadGolden(name);
    const { golden, config } = fixture;
    const { ids, logits } = golden.asked!;
    const theirs = golden.gradients_of_asked_sum;
    const { graph, packed, padded } = await run(fixture, (inputs) => {
      const root = parameterRoot();
      const asked = { rows: lastToken(inputs), ids: constant(ids, 'int64') };
      const scores = architectures[config.model_type].causalLm!(root, config, inputs, asked, noDropout);
      return { scores, ...(theirs && slopes(reduceSum(scores), root, theirs)) };
    });
    expect(packed.scores!.dims).toEqual([3, 2]);
    expect(worst(numbers(packed.scores), logits.data)).toBeLessThan(1e-5);
    expect(worst(numbers(padded.scores), logits.data)).toBeLessThan(1e-5);
    if (theirs) expectGradients(packed, theirs);
    const isTied = !name.endsWith('-causal');
    expect(graph.parameters.map(nameOf).includes('lm_head.weight')).toBe(!isTied);
    if (theirs) return;
    const wide = graph.nodes.flatMap(({ outputs }) => outputs.map(({ shape }) => shape));
    expect(wide.filter((shape) => shape.length > 1 && shape.at(-1) === config.vocab_size)).toEqual([]);
  });
});

it('has the hidden states of transformers where the file is of transformers 4, linear and YaRN', async () => {
  for (const name of ['llama-causal', 'qwen2-causal']) {
    const fixture = await loadGolden(name);
    const { golden, config } = fixture;
    const { packed } = await run(fixture, (inputs) => {
      const path = parameterRoot().at('model');
      const { hiddenStates } = architectures[config.model_type].encode(path, config, inputs, noDropout);
      return Object.fromEntries(hiddenStates.map((state, i) => [`hidden_${i}`, state]));
    });
    for (const [i, state] of golden.hidden_states.entries())
      expect(worstRow(numbers(packed[`hidden_${i}`]), state, golden)).toBeLessThan(1e-5);
  }
});

describe('a layer-wise reranker', () => {
  const name = 'minicpm_layerwise';

  it('has the scores and gradients of each layer’s head', async () => {
    const fixture = await loadGolden(name);
    const { golden, config } = fixture;
    const { layers, scores } = golden.layer_scores!;
    const theirs = golden.gradients_of_scores_sum!;
    const { graph, packed, padded } = await run(fixture, (inputs) => {
      const root = parameterRoot();
      const asked = { rows: lastToken(inputs), layers };
      const found = architectures[config.model_type].layerScores!(root, config, inputs, asked, noDropout);
      return { scores: found, ...slopes(reduceSum(found), root, theirs) };
    });
    expect(packed.scores!.dims).toEqual([3, layers.length]);
    expect(worst(numbers(packed.scores), scores.data)).toBeLessThan(1e-5);
    expect(worst(numbers(padded.scores), scores.data)).toBeLessThan(1e-5);
    expectGradients(packed, theirs);
    expect(Object.fromEntries(graph.parameters.map((value) => [nameOf(value), value.shape]))).toEqual(
      golden.parameters,
    );
  });

  it('runs no layer behind the last one asked, and refuses one without a head', async () => {
    const fixture = await loadGolden(name);
    const { golden, config } = fixture;
    const scoresOf = (layers: number[]) => (inputs: EncoderInputs) => ({
      scores: architectures[config.model_type].layerScores!(
        parameterRoot(),
        config,
        inputs,
        { rows: lastToken(inputs), layers },
        noDropout,
      ),
    });
    const { graph, packed } = await run(fixture, scoresOf([2]));
    const { layers, scores } = golden.layer_scores!;
    const theirs = scores.data.filter((_, i) => layers[i % layers.length] === 2);
    expect(worst(numbers(packed.scores), theirs)).toBeLessThan(1e-5);
    expect(graph.parameters.map(nameOf).filter((path) => path.includes('layers.2.'))).toEqual([]);
    for (const layers of [[0], [4], [1.5], []])
      await expect(run(fixture, scoresOf(layers))).rejects.toThrow(
        /^cutoff_layers: expected numbers of layers from 1 to 3, got (0|4|1\.5|none) — /,
      );
  });
});

test.each(['qwen2', 'gemma2', 'gemma3_text-bidirectional'])(
  'padding on the left changes no logit of %s',
  async (name) => {
    const { golden, config, weights } = await loadGolden(name);
    const graph = paddedGraph(config, ({ inputs }) => ({
      logits: architectures[config.model_type].sequenceClassification(
        parameterRoot(),
        config,
        inputs,
        1,
        noDropout,
      ),
    }));
    // Ops of ai.onnx only, as other tools check files; opset 17 has no RMS norm.
    const norms = graph.nodes.filter(({ op }) => op.opType === 'SimplifiedLayerNormalization');
    expect(norms).toEqual([]);
    const session = await InferenceSession.create(encodeModel(graph));
    const { input_ids, attention_mask } = golden.inputs;
    const turn = (rows: number[][]) =>
      rows.map((row, b) => {
        const isReal = (_: number, t: number) => attention_mask[b]![t] === 1;
        return [...row.filter((id, t) => !isReal(id, t)), ...row.filter(isReal)];
      });
    const block = (rows: number[][]) =>
      new Tensor('int64', BigInt64Array.from(rows.flat().map(BigInt)), [rows.length, rows[0]!.length]);
    const parameters = await weights(graph.parameters);
    for (const side of [turn, (rows: number[][]) => rows]) {
      const feeds = { input_ids: block(side(input_ids)), attention_mask: block(side(attention_mask)) };
      const { logits } = await session.run({ ...feeds, ...parameters });
      expect(worst(numbers(logits), golden.logits!.data)).toBeLessThan(1e-5);
    }
  },
);

test.each(['qwen2', 'qwen3', 'llama', 'gemma2', 'gemma3_text', 'minicpm'])(
  'all layers of %s are one graph but for the names of their parameters',
  async (name) => {
    const { config } = await loadGolden(name);
    const { stages } = architectures[config.model_type];
    const types = stages!.layerTypes(config);
    expect(types).toHaveLength(config.num_hidden_layers);
    const layer = (i: number) => {
      const inputs = encoderInputs();
      const x = input('x', 'float32', ['tokens', config.hidden_size]);
      // Stand-ins, as a layer that is compiled alone has them.
      const shared = Object.fromEntries(
        Object.entries(stages!.shared(config, types[i]!, inputs)).map(([key, { dtype, shape }]) => [
          key,
          input(key, dtype, shape),
        ]),
      );
      const path = parameterRoot().at(stages!.layerName(i));
      const y = stages!.layer(path, config, x, shared, inputs, noDropout);
      const declared = [...Object.values(inputs), x, ...Object.values(shared)];
      return printGraph(graphOf(declared, { y })).replaceAll(`${stages!.layerName(i)}.`, '');
    };
    for (let i = 1; i < types.length; i++) expect(layer(i)).toBe(layer(0));
  },
);

test('dropout of attention weights takes heads as they are, grouped or not', async () => {
  const { config } = await loadGolden('qwen2');
  const dropout = trainingDropout();
  const dropped = { ...config, attention_dropout: 0.25 };
  const inputs = encoderInputs();
  const { hidden } = architectures.qwen2.encode(parameterRoot(), dropped, inputs, dropout);
  expect(hidden.shape).toEqual(['tokens', 16]);
  expect(dropout.inputs.map((value) => [nameOf(value), value.shape])).toEqual(
    [0, 1].flatMap((site) =>
      ['rows', 'columns'].map((axis) => [`dropout.${site}.${axis}`, ['batch', 4, 'seq']]),
    ),
  );
});

test('Gemma’s own word for attention to both sides is the graph of is_causal: false', async () => {
  const { config } = await loadGolden('gemma2');
  const graph = (fields: Record<string, boolean>) => {
    const inputs = encoderInputs();
    const of = { ...config, ...fields };
    const { hidden } = architectures.gemma2.encode(parameterRoot(), of, inputs, noDropout);
    return printGraph(graphOf(Object.values(inputs), { hidden }));
  };
  expect(graph({ use_bidirectional_attention: true })).toBe(graph({ is_causal: false }));
  expect(graph({ use_bidirectional_attention: true })).not.toBe(graph({}));
});
