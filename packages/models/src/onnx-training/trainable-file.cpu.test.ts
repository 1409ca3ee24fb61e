import { fileURLToPath } from 'node:url';
import { encodeModel, gradients, graphOf, input, mul, nameOf, optimize, reduceSum, reshape } from '@rag/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { architectures } from '../arch/index.js';
import { openCheckpoint, openWithoutWeights } from '../checkpoint.js';
import { parseEncoderConfig } from '../config.js';
import { noDropout } from '../dropout.js';
import { encoderInputs } from '../encoder-inputs.js';
import { directorySource } from '../node/directory-source.js';
import { parameterRoot } from '../parameters.js';
import { packedBatch } from '../testing/packed-batch.js';
import { columnsInput, columnsOf } from './file-inputs.js';
import { openTrainableFile, type TrainableFile } from './trainable-file.js';

const sourceOf = (name: string) =>
  directorySource(fileURLToPath(new URL(`../fixtures/onnx-exports/${name}`, import.meta.url)));

async function open(name: string) {
  const source = await sourceOf(name);
  const config = parseEncoderConfig((await openWithoutWeights(source)).config);
  return { source, config, file: await openTrainableFile(source, 'onnx/model.onnx', config, LOGITS) };
}

const LOGITS = { names: ['logits'], rank: 2, width: 1 };

/** Three sequences, the last of filler only, in a block of more columns than the files have positions. */
const LENGTHS = [7, 4];
const SEQ = Math.max(...LENGTHS);
const packed = packedBatch([...LENGTHS, 0], { seq: 40 });
const idOf = (sequence: number, t: number) => 5 + ((sequence * 11 + t * 7) % 28);
const int64 = (data: BigInt64Array, shape: number[]) => new Tensor('int64', data, shape);
const rows = [packed.tokens];
const block = [3, packed.seq];
const zeros = (count: number) => new BigInt64Array(count);
/** What weighs the logits in the loss; the filler's counts nothing. */
const WEIGHTS = [1, -2, 0];
const packedFeeds = {
  input_ids: int64(
    BigInt64Array.from([...packed.cells.map(({ sequence, t }) => BigInt(idOf(sequence, t))), 0n]),
    rows,
  ),
  token_type_ids: int64(zeros(packed.tokens), rows),
  position_ids: int64(packed.position_ids, rows),
  token_index: int64(packed.token_index, rows),
  block_index: int64(packed.block_index, block),
  attention_mask: new Tensor('float32', packed.attention_mask, block),
  first_token: int64(packed.first_token, [3]),
  columns: int64(columnsOf(packed.position_ids), [SEQ]),
  row_weight: new Tensor('float32', Float32Array.from(WEIGHTS), [3]),
};
/** Σ weight·logit of the file itself, fed as other tools feed it. */
async function lossOf(file: TrainableFile, weights: ReadonlyMap<string, Float32Array>): Promise<number> {
  const { model } = file.withWeights((name) => weights.get(name)!);
  const session = await InferenceSession.create(model, { logSeverityLevel: 3 });
  const cells = (of: (sequence: number, t: number) => number) =>
    int64(
      BigInt64Array.from({ length: 2 * SEQ }, (_, i) => BigInt(of(Math.floor(i / SEQ), i % SEQ))),
      [2, SEQ],
    );
  const padded: Record<string, Tensor> = {
    input_ids: cells((sequence, t) => (t < LENGTHS[sequence]! ? idOf(sequence, t) : 0)),
    attention_mask: cells((sequence, t) => Number(t < LENGTHS[sequence]!)),
    token_type_ids: cells(() => 0),
  };
  const feeds = Object.fromEntries(session.inputNames.map((name) => [name, padded[name]!]));
  const { logits } = await session.run(feeds);
  await session.release();
  return (logits!.data as Float32Array).reduce((sum, logit, i) => sum + logit * WEIGHTS[i]!, 0);
}

async function readAll(file: TrainableFile): Promise<Map<string, Float32Array>> {
  const weights = new Map<string, Float32Array>();
  for (const { name } of file.parameters) weights.set(name, await file.read(name));
  return weights;
}

/** Loss and gradients of a graph over the packed batch. */
async function backward(logitsOf: TrainableFile['output'], weights: ReadonlyMap<string, Float32Array>) {
  const inputs = encoderInputs();
  const row_weight = input('row_weight', 'float32', ['batch']);
  const columns = columnsInput();
  const all = [...Object.values(inputs), columns, row_weight];
  const loss = reduceSum(mul(reshape(logitsOf(inputs, columns), [-1]), row_weight));
  const { parameters } = graphOf(all, { loss });
  const slopes = gradients(loss, parameters);
  const graph = optimize(
    graphOf(all, {
      loss,
      ...Object.fromEntries(parameters.map((value, i) => [`d ${nameOf(value)}`, slopes[i]!])),
    }),
    'cpu',
  );
  const bytes = encodeModel(graph, {
    initializer: (_, name) => new Uint8Array(Float32Array.from(weights.get(name)!).buffer),
  });
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const found = await session.run(packedFeeds);
  await session.release();
  return {
    loss: (found.loss!.data as Float32Array)[0]!,
    slopes: new Map(
      parameters.map((value) => [nameOf(value), found[`d ${nameOf(value)}`]!.data as Float32Array]),
    ),
  };
}

describe.each([
  ['bert', 21],
  ['bert-13', 21],
  ['bert-dynamo', 20],
  ['roberta', 20],
  ['distilbert', 19],
  ['modernbert', 15],
])('%s', (name, atLeast) => {
  it("gives the file's logits and the slopes of its own differences", async () => {
    const { file } = await open(name);
    expect(file.parameters.length).toBeGreaterThanOrEqual(atLeast);
    const weights = await readAll(file);
    const { loss, slopes } = await backward(file.output, weights);
    expect(loss).toBeCloseTo(await lossOf(file, weights), 5);
    for (const [index, { name: weight }] of file.parameters.entries()) {
      const slope = slopes.get(weight)!;
      const direction = Float32Array.from(slope, (_, i) => Math.sin(1 + i * 1.7 + index));
      const step = 4e-3;
      const moved = (by: number) =>
        new Map([
          ...weights,
          [weight, weights.get(weight)!.map((value, i) => value + by * direction[i]!)],
        ] as const);
      const difference =
        ((await lossOf(file, moved(step))) - (await lossOf(file, moved(-step)))) / (2 * step);
      const analytic = slope.reduce((sum, value, i) => sum + value * direction[i]!, 0);
      const scale = Math.sqrt(slope.reduce((sum, value) => sum + value * value, 0));
      expect(Math.abs(analytic - difference), `${weight}: ${analytic} ${difference}`).toBeLessThan(
        2e-3 + 2e-2 * scale,
      );
    }
  });
});

it("has the gradients of our own architecture with the checkpoint's weights", async () => {
  const { source, config, file } = await open('bert');
  const { tensors } = await openCheckpoint(source);
  const own = new Map<string, Float32Array>();
  for (const name of tensors.names) own.set(name, await tensors.read(name));
  const architecture = architectures[config.model_type];
  const ours = await backward(
    (inputs) => architecture.sequenceClassification(parameterRoot(), config, inputs, 1, noDropout),
    own,
  );
  const theirs = await backward(file.output, await readAll(file));
  expect(theirs.loss).toBeCloseTo(ours.loss, 5);
  // The exporter writes matrices as [in, out] under names of its own: they are found by their elements.
  const transposed = (name: string) => {
    const [out, width] = tensors.shape(name) as [number, number];
    const at = (data: Float32Array) =>
      Float32Array.from(data, (_, i) => data[(i % out) * width + Math.floor(i / out)]!);
    return { weight: at(own.get(name)!), slope: at(ours.slopes.get(name)!) };
  };
  const equal = (a: Float32Array, b: Float32Array) =>
    a.length === b.length && a.every((value, i) => value === b[i]);
  const named = file.parameters.filter(({ name }) => ours.slopes.has(name));
  expect(named.length).toBeGreaterThan(14);
  const differences: number[] = [];
  const compare = (a: Float32Array, b: Float32Array) =>
    differences.push(a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0));
  for (const { name } of file.parameters) {
    const slope = theirs.slopes.get(name)!;
    if (ours.slopes.has(name)) compare(slope, ours.slopes.get(name)!);
    else {
      const weight = await file.read(name);
      const match = tensors.names
        .filter((other) => tensors.shape(other).length === 2)
        .map(transposed)
        .find((candidate) => equal(candidate.weight, weight));
      compare(slope, match!.slope);
    }
  }
  expect(differences).toHaveLength(ours.slopes.size);
  expect(Math.max(...differences)).toBeLessThan(1e-5);
});
