import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { encodeModel, gradients, nameOf, reduceSum, trace, type Value } from '@rag/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { noDropout } from '../dropout.js';
import { encoderInputTypes } from '../encoder-inputs.js';
import { MODEL_TYPES, openCheckpoint, parseEncoderConfig } from '../index.js';
import { directorySource } from '../node/directory-source.js';
import { parameterRoot } from '../parameters.js';
import { architectures } from './index.js';

interface Dense {
  shape: number[];
  data: number[];
}
interface Golden {
  /** Names as model.safetensors has them. */
  parameters: Record<string, number[]>;
  inputs: { input_ids: number[][]; attention_mask: number[][]; token_type_ids: number[][] };
  hidden_states: Dense[];
  logits?: Dense;
  gradients_of_logits_sum?: Record<string, Dense>;
  /** The adapter that is merged, where the file carries some. */
  task?: string;
}

/** The fixture's padded batch as packed rows and one filler, or with every padding cell as a row of its own. */
function feedsOf({ inputs }: Golden, mode: 'packed' | 'padded'): Record<string, Tensor> {
  const batch = inputs.input_ids.length;
  const seq = inputs.input_ids[0]!.length;
  const cells = inputs.attention_mask.flatMap((row, b) =>
    row.flatMap((real, t) => (real === 1 || mode === 'padded' ? [{ b, t }] : [])),
  );
  const filler = cells.length;
  const block = new Array<number>(batch * seq).fill(filler);
  for (const [i, { b, t }] of cells.entries()) block[b * seq + t] = i;
  const free = Math.max(0, block.indexOf(filler));
  const int64 = (values: number[], dims: number[]) =>
    new Tensor('int64', BigInt64Array.from(values.map(BigInt)), dims);
  const perToken = (of: (b: number, t: number) => number) =>
    int64([...cells.map(({ b, t }) => of(b, t)), 0], [filler + 1]);
  return {
    input_ids: perToken((b, t) => inputs.input_ids[b]![t]!),
    token_type_ids: perToken((b, t) => inputs.token_type_ids[b]![t]!),
    position_ids: perToken((_, t) => t),
    block_index: int64(block, [batch, seq]),
    token_index: int64([...cells.map(({ b, t }) => b * seq + t), free], [filler + 1]),
    attention_mask: new Tensor('float32', Float32Array.from(inputs.attention_mask.flat()), [batch, seq]),
    first_token: int64(
      inputs.input_ids.map((_, b) => block[b * seq]!),
      [batch],
    ),
  };
}

/** Largest |a − b| of the real tokens, whose rows are packed in `ours`. */
function worstRow(ours: Float32Array, theirs: Dense, { inputs }: Golden): number {
  const width = theirs.shape.at(-1)!;
  const rows = inputs.attention_mask.flat().flatMap((real, cell) => (real === 1 ? [cell] : []));
  return Math.max(
    ...rows.flatMap((cell, i) =>
      Array.from({ length: width }, (_, f) =>
        Math.abs(ours[i * width + f]! - theirs.data[cell * width + f]!),
      ),
    ),
  );
}

const worst = (ours: ArrayLike<number>, theirs: ArrayLike<number>): number =>
  Math.max(...Array.from(theirs, (value, i) => Math.abs(ours[i]! - value)));

async function load(name: string) {
  const folder = new URL(`../fixtures/${name}/`, import.meta.url);
  const golden: Golden = JSON.parse(readFileSync(new URL('golden.json', folder), 'utf8'));
  const checkpoint = await openCheckpoint(await directorySource(fileURLToPath(folder)));
  const config = parseEncoderConfig(checkpoint.config);
  const { plainTensors } = architectures[config.model_type];
  const tensors = plainTensors?.(checkpoint.tensors, checkpoint.config, golden.task) ?? checkpoint.tensors;
  const weights = async (parameters: readonly Value[]) =>
    Object.fromEntries(
      await Promise.all(
        parameters.map(
          async (value) =>
            [
              nameOf(value),
              new Tensor('float32', await tensors.read(nameOf(value)), value.shape as number[]),
            ] as const,
        ),
      ),
    );
  return { golden, config, weights };
}

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
];

it('every architecture has a checkpoint to hold it against', async () => {
  const types = await Promise.all(classifiers.map(async (name) => (await load(name)).config.model_type));
  expect([...new Set(types)].toSorted()).toEqual(MODEL_TYPES.toSorted());
});

describe.each(classifiers)('%s', (name) => {
  it('has the hidden states, logits and gradients of transformers', async () => {
    const { golden, config, weights } = await load(name);
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
  const { golden, config, weights } = await load('bert-encoder');
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
