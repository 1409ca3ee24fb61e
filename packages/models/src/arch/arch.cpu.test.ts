import { encodeModel, gradients, nameOf, reduceSum, trace } from '@rag/onnx';
import { InferenceSession } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { noDropout } from '../dropout.js';
import { encoderInputTypes } from '../encoder-inputs.js';
import { MODEL_TYPES } from '../index.js';
import { parameterRoot } from '../parameters.js';
import { feedsOf, loadGolden, worst, worstRow } from '../testing/golden-checkpoint.js';
import { architectures } from './index.js';

/** The fixtures of sequence classifiers: tiny checkpoints with what transformers computes with them. */
const classifiers = [
  'bert',
  'roberta',
  'xlm-roberta',
  'modernbert',
  'modernbert-biased',
  'distilbert',
  'deberta-v2',
  'deberta-v2-unshared',
  'mpnet',
  'gte',
  'new',
  'nomic_bert',
  'nomic_bert-published',
  'electra',
  'albert',
  'jina_bert',
  'jina_bert-reglu',
  'jina_bert-qk-post-norm',
  'jina_embeddings_v3',
  'jina_embeddings_v3-published',
  'jina_xlm_roberta',
  'gemma',
  'gemma2',
  'gemma3_text',
  'gemma3_text-bidirectional',
  'llama',
  'minicpm',
  'mistral',
  'qwen2',
  'qwen2-bidirectional',
  'qwen3',
];

it('every architecture has a checkpoint to hold it against', async () => {
  // Which decoder.cpu.test.ts runs.
  const others = ['minicpm_layerwise'];
  const types = await Promise.all(
    [...classifiers, ...others].map(async (name) => (await loadGolden(name)).config.model_type),
  );
  expect([...new Set(types)].toSorted()).toEqual(MODEL_TYPES.toSorted());
});

describe.each(classifiers)('%s', (name) => {
  it('has the hidden states, logits and gradients of transformers', async () => {
    const { golden, config, weights } = await loadGolden(name);
    const architecture = architectures[config.model_type];
    const wanted = Object.keys(golden.gradients_of_logits_sum!);
    const graph = trace(encoderInputTypes, (inputs) => {
      const root = parameterRoot();
      const logits = architecture.sequenceClassification(root, config, inputs, 1, noDropout);
      const { hiddenStates } = architecture.encode(
        root.at(architecture.baseModelPrefix),
        config,
        inputs,
        noDropout,
      );
      const shapes = golden.gradients_of_logits_sum!;
      const slopes = gradients(
        reduceSum(logits),
        wanted.map((path) => root.get(path, shapes[path]!.shape)),
      );
      return {
        logits,
        ...Object.fromEntries(hiddenStates.map((state, i) => [`hidden_${i}`, state])),
        ...Object.fromEntries(slopes.map((slope, i) => [`gradient_${i}`, slope])),
      };
    });
    expect(Object.fromEntries(graph.parameters.map((value) => [nameOf(value), value.shape]))).toEqual(
      golden.parameters,
    );
    const session = await InferenceSession.create(encodeModel(graph));
    const parameters = await weights(graph.parameters);
    const packed = await session.run({ ...feedsOf(golden, 'packed'), ...parameters });
    expect(worst(packed.logits!.data as Float32Array, golden.logits!.data)).toBeLessThan(1e-5);
    for (const [i, state] of golden.hidden_states.entries())
      expect(worstRow(packed[`hidden_${i}`]!.data as Float32Array, state, golden)).toBeLessThan(1e-5);
    for (const [i, path] of wanted.entries()) {
      const theirs = golden.gradients_of_logits_sum![path]!.data;
      const scale = Math.max(...theirs.map(Math.abs));
      expect(worst(packed[`gradient_${i}`]!.data as Float32Array, theirs) / scale).toBeLessThan(1e-5);
    }
    const padded = await session.run({ ...feedsOf(golden, 'padded'), ...parameters });
    expect(worst(padded.logits!.data as Float32Array, packed.logits!.data as Float32Array)).toBeLessThan(
      1e-5,
    );
  });
});

it('reads a bare encoder under its own names', async () => {
  const { golden, config, weights } = await loadGolden('bert-encoder');
  const graph = trace(encoderInputTypes, (inputs) => ({
    hidden: architectures.bert.encode(parameterRoot(), config, inputs, noDropout).hidden,
  }));
  const session = await InferenceSession.create(encodeModel(graph));
  const { hidden } = await session.run({
    ...feedsOf(golden, 'packed'),
    ...(await weights(graph.parameters)),
  });
  expect(worstRow(hidden!.data as Float32Array, golden.hidden_states.at(-1)!, golden)).toBeLessThan(1e-5);
});
