import { encodeModel, type Graph, graphOf, nameOf, trace } from '@rag/onnx';
import { InferenceSession } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { architectures } from './arch/index.js';
import { noDropout } from './dropout.js';
import { encoderInputTypes } from './encoder-inputs.js';
import { firstTokenRows } from './first-token-rows.js';
import { parameterRoot } from './parameters.js';
import { feedsOf, loadGolden, worst } from './testing/golden-checkpoint.js';

/** Post-norm and pre-norm layers, rotary and relative positions, ALiBi, local attention, shared layers. */
const encoders = ['bert', 'modernbert', 'distilbert', 'deberta-v2', 'mpnet', 'new', 'jina_bert', 'albert'];

/** Linear layers over all rows. */
const wideProducts = (graph: Graph): number =>
  graph.nodes.filter(
    ({ op, outputs }) => /^(Gemm|MatMul)$/.test(op.opType) && outputs[0]!.shape[0] === 'tokens',
  ).length;

describe.each(encoders)('%s', (name) => {
  it('has the same logits from fewer rows', async () => {
    const { golden, config, weights } = await loadGolden(name);
    const whole = trace(encoderInputTypes, (inputs) => ({
      logits: architectures[config.model_type].sequenceClassification(
        parameterRoot(),
        config,
        inputs,
        1,
        noDropout,
      ),
    }));
    const narrow = firstTokenRows(whole);
    // Of its last layer at least the feed-forward part.
    expect(wideProducts(narrow)).toBeLessThanOrEqual(wideProducts(whole) - 2);
    expect(narrow.inputs).toEqual(whole.inputs);
    expect(narrow.parameters.map(nameOf).toSorted()).toEqual(whole.parameters.map(nameOf).toSorted());
    const feeds = { ...feedsOf(golden, 'packed'), ...(await weights(whole.parameters)) };
    const logits = async (graph: Graph) => {
      const session = await InferenceSession.create(encodeModel(graph));
      const { logits } = await session.run(feeds);
      await session.release();
      return logits!.data as Float32Array;
    };
    const found = await logits(narrow);
    expect(worst(found, await logits(whole))).toBeLessThan(1e-6);
    expect(worst(found, golden.logits!.data)).toBeLessThan(1e-5);
  });
});

it("keeps of BERT's last layer the keys and values of all tokens", async () => {
  const { config } = await loadGolden('bert');
  const graph = trace(encoderInputTypes, (inputs) => ({
    logits: architectures.bert.sequenceClassification(parameterRoot(), config as never, inputs, 1, noDropout),
  }));
  expect(wideProducts(graph)).toBe(6 * config.num_hidden_layers);
  expect(wideProducts(firstTokenRows(graph))).toBe(6 * config.num_hidden_layers - 4);
});

it('a graph whose outputs need every row is left alone', async () => {
  const { config } = await loadGolden('bert');
  const graph = trace(encoderInputTypes, (inputs) => {
    const { hidden } = architectures.bert.encode(parameterRoot(), config as never, inputs, noDropout);
    return { hidden };
  });
  expect(firstTokenRows(graph)).toBe(graph);
  expect(firstTokenRows(graphOf([], {})).nodes).toEqual([]);
});
