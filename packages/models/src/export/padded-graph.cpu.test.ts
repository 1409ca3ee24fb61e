import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { encodeModel, type Graph, printGraph } from '@rag/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { architectures } from '../arch/index.js';
import { openCheckpoint } from '../checkpoint.js';
import { MODEL_TYPES, parseEncoderConfig } from '../config.js';
import { noDropout } from '../dropout.js';
import { parametersOf } from '../model-with-weights.js';
import { directorySource } from '../node/directory-source.js';
import { parameterRoot } from '../parameters.js';
import { weightsOfCheckpoint } from '../weights.js';
import { paddedGraph } from './padded-graph.js';

interface Golden {
  inputs: Record<'input_ids' | 'attention_mask' | 'token_type_ids', number[][]>;
  hidden_states: { shape: number[]; data: number[] }[];
  logits?: { data: number[] };
}

/** Each architecture's fixture is named after its type. */

async function open(name: string) {
  const folder = new URL(`../fixtures/${name}/`, import.meta.url);
  const golden: Golden = JSON.parse(readFileSync(new URL('golden.json', folder), 'utf8'));
  const checkpoint = await openCheckpoint(await directorySource(fileURLToPath(folder)));
  const config = parseEncoderConfig(checkpoint.config);
  const architecture = architectures[config.model_type];
  const logits = paddedGraph(config, ({ inputs }) => ({
    logits: architecture.sequenceClassification(parameterRoot(), config, inputs, 1, noDropout),
  }));
  const hidden = paddedGraph(config, ({ inputs, blocks }) => ({
    last_hidden_state: blocks(architecture.encode(parameterRoot(), config, inputs, noDropout).hidden),
  }));
  const session = async (graph: Graph) => {
    const { read } = await weightsOfCheckpoint(checkpoint, config, parametersOf(graph), {});
    const data = new Map<string, Float32Array>();
    for (const { name } of parametersOf(graph)) data.set(name, await read(name));
    const initializer = (_: unknown, name: string) => new Uint8Array(data.get(name)!.buffer);
    return InferenceSession.create(encodeModel(graph, { initializer }), { logSeverityLevel: 3 });
  };
  return { golden, graphs: { logits, hidden }, session };
}

/** Feeds of a session, `pad` cells longer on one side. */
function feeds(session: InferenceSession, { inputs }: Golden, pad = 0, side: 'left' | 'right' = 'right') {
  const fill = new Array<number>(pad).fill(0);
  return Object.fromEntries(
    session.inputNames.map((name) => {
      const rows = inputs[name as keyof Golden['inputs']].map((row) => {
        if (side === 'right') return [...row, ...fill];
        const real = inputs.attention_mask[0]!.length;
        const count = inputs.attention_mask[inputs[name as 'input_ids'].indexOf(row)]!.filter(Boolean).length;
        return [...new Array<number>(real - count + pad).fill(0), ...row.slice(0, count)];
      });
      const data = BigInt64Array.from(rows.flat(), BigInt);
      return [name, new Tensor('int64', data, [rows.length, rows[0]!.length])];
    }),
  );
}

const worst = (ours: ArrayLike<number>, theirs: ArrayLike<number>): number =>
  Math.max(...Array.from(theirs, (value, i) => Math.abs(ours[i]! - value)));

describe.each(MODEL_TYPES)('the padded graph of %s', (name) => {
  it("gives transformers' hidden states and logits in stock ONNX Runtime", async () => {
    const { golden, graphs, session } = await open(name);
    const encoder = await session(graphs.hidden);
    const { last_hidden_state } = await encoder.run(feeds(encoder, golden));
    const theirs = golden.hidden_states.at(-1)!;
    const width = theirs.shape.at(-1)!;
    expect(last_hidden_state!.dims).toEqual([
      ...[golden.inputs.input_ids].map((x) => [x.length, x[0]!.length])[0]!,
      width,
    ]);
    const ours = last_hidden_state!.data as Float32Array;
    for (const [cell, real] of golden.inputs.attention_mask.flat().entries())
      if (real === 1)
        expect(
          worst(
            ours.subarray(cell * width, (cell + 1) * width),
            theirs.data.slice(cell * width, (cell + 1) * width),
          ),
        ).toBeLessThan(1e-5);
    if (!golden.logits) return;
    const classifier = await session(graphs.logits);
    const { logits } = await classifier.run(feeds(classifier, golden));
    expect(worst(logits!.data as Float32Array, golden.logits.data)).toBeLessThan(1e-5);
  });

  it('does not depend on how much padding there is, or on which side', async () => {
    const { golden, graphs, session } = await open(name);
    const classifier = await session(graphs.logits);
    const plain = (await classifier.run(feeds(classifier, golden))).logits!.data as Float32Array;
    for (const [pad, side] of [
      [3, 'right'],
      [0, 'left'],
      [2, 'left'],
    ] as const) {
      const { logits } = await classifier.run(feeds(classifier, golden, pad, side));
      expect(worst(logits!.data as Float32Array, plain)).toBeLessThan(1e-5);
    }
  });

  it('moves no rows between its layers', async () => {
    const { graphs } = await open(name);
    const moved = graphs.hidden.nodes.filter(
      ({ op, inputs }) => op.opType === 'Gather' && inputs[0]!.shape[0] === 'batch*seq',
    );
    expect(moved.length, printGraph(graphs.hidden)).toBe(0);
  });
});
