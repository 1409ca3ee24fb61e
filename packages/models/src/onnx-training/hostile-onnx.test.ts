import { readFileSync } from 'node:fs';
import {
  decodeModel,
  encodeModel,
  exchangeWeights,
  GraphError,
  linear,
  type ModelProto,
  nameOf,
  parameter,
  readModelProto,
  trace,
  trainability,
} from '@rag/onnx';
import { expect, test } from 'vitest';
import { type EncoderConfig, parseEncoderConfig } from '../config.js';
import { FileSourceError, memorySource, readJsonObject } from '../file-source.js';
import { OnnxFileError } from '../onnx-file/onnx-file-error.js';
import { campaign } from '../testing/campaign.js';
import { mutateBytes } from '../testing/mutate-bytes.js';
import { pick, type Random } from '../testing/random.js';
import { openTrainableFile } from './trainable-file.js';

const SEED = 20261121;
/** A long campaign takes minutes. */
const TIMEOUT = 3_600_000;
const PATH = 'onnx/model.onnx';

interface Export {
  readonly config: EncoderConfig;
  readonly bytes: Uint8Array;
}

const read = (path: string) =>
  new Uint8Array(readFileSync(new URL(`../fixtures/onnx-exports/${path}`, import.meta.url)));
const EXPORTS = await Promise.all(
  ['bert', 'bert-13', 'bert-dynamo', 'distilbert', 'roberta'].map(async (name): Promise<Export> => {
    const json = await readJsonObject(memorySource({ f: read(`${name}/config.json`) }), 'f');
    return { config: parseEncoderConfig(json), bytes: read(`${name}/onnx/model.onnx`) };
  }),
);

type Graph = NonNullable<ModelProto['graph']>;
const SIZES = [0n, 1n, -1n, 2n, 3n, 17n, 2n ** 31n, 2n ** 40n, 2n ** 53n, 2n ** 62n, -(2n ** 63n)];
const OPS = [
  'Reshape',
  'Expand',
  'Gather',
  'Concat',
  'Slice',
  'Unsqueeze',
  'Transpose',
  'ReduceMean',
  'Split',
];
const MORE_OPS = [
  'MatMul',
  'Gemm',
  'Where',
  'Cast',
  'Range',
  'ConstantOfShape',
  'Identity',
  'Loop',
  'Tile',
  'Pad',
];

/** What is well formed as a message and wrong as a model. */
const faults: readonly ((graph: Graph, random: Random) => void)[] = [
  function size({ initializer }, random) {
    const { dims } = pick(random, initializer);
    dims.splice(random(dims.length + 1), random(2), pick(random, SIZES));
  },
  function elements({ initializer }, random) {
    const tensor = pick(random, initializer);
    tensor.rawData = mutateBytes(tensor.rawData.length > 0 ? tensor.rawData : new Uint8Array(3), random);
  },
  function elementType({ initializer }, random) {
    pick(random, initializer).dataType = random(24);
  },
  function external({ initializer }, random) {
    const tensor = pick(random, initializer);
    tensor.dataLocation = 1;
    for (const key of ['location', 'offset', 'length'])
      tensor.externalData.push({
        $typeName: 'onnx.StringStringEntryProto',
        key,
        value: pick(random, ['w', '../w', '0', '8', '-1', '1e3', '2e99', 'NaN', '', '9007199254740991']),
      });
  },
  function attribute({ node }, random) {
    const { attribute } = pick(
      random,
      node.filter((one) => one.attribute.length > 0),
    );
    const one = pick(random, attribute);
    one.i = pick(random, SIZES);
    one.ints.splice(random(one.ints.length + 1), random(2), pick(random, SIZES));
    one.f = pick(random, [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e38]);
    if (random(4) === 0) one.type = random(16);
    if (random(4) === 0)
      one.name = pick(random, ['axis', 'axes', 'perm', 'to', '__proto__', 'constructor', '']);
    if (random(8) === 0) attribute.push(one);
  },
  function constant({ node, initializer }, random) {
    const tensors = [...node.flatMap((one) => one.attribute.flatMap(({ t }) => t ?? [])), ...initializer];
    const integers = tensors.filter(({ dataType, rawData }) => dataType === 7 && rawData.length >= 8);
    if (integers.length === 0) return;
    const tensor = pick(random, integers);
    tensor.rawData = tensor.rawData.slice();
    new DataView(tensor.rawData.buffer).setBigInt64(0, pick(random, SIZES), true);
  },
  function operation({ node }, random) {
    const one = pick(random, node);
    one.opType = pick(random, random(2) === 0 ? [...OPS, ...MORE_OPS] : node.map(({ opType }) => opType));
    if (random(8) === 0) one.domain = pick(random, ['com.microsoft', 'ai.onnx', '__proto__', 'x']);
    if (random(8) === 0) one.opType = pick(random, ['__proto__', 'constructor', 'toString', '']);
  },
  function operand({ node }, random) {
    const one = pick(random, node);
    const names = node.flatMap(({ input, output }) => [...input, ...output]);
    one.input.splice(random(one.input.length + 1), random(3), pick(random, [...names, '', '__proto__']));
  },
  function result({ node }, random) {
    const one = pick(random, node);
    one.output.splice(random(one.output.length + 1), random(2), pick(random, node).output[0] ?? '');
  },
  function order({ node }, random) {
    node.splice(random(node.length), 0, ...node.splice(random(node.length), 1 + random(3)));
  },
  function again({ node }, random) {
    node.push(pick(random, node));
  },
  function inputType({ input, output }, random) {
    const info = pick(random, [...input, ...output]);
    const type = info.type?.value;
    if (type?.case !== 'tensorType') return;
    if (random(3) === 0) type.value.elemType = random(24);
    const dim = type.value.shape?.dim[0];
    if (!dim) return;
    if (random(2) === 0) dim.value = { case: 'dimValue', value: pick(random, SIZES) };
    else
      dim.value = {
        case: 'dimParam',
        value: pick(random, ['a+b*c', '*', '-', '', '9'.repeat(400), 'é', 'columns']),
      };
  },
  function inputName({ input, output }, random) {
    pick(random, [...input, ...output]).name = pick(random, ['', '__proto__', 'input_ids', 'logits', 'x']);
  },
];

function damaged(random: Random): Export {
  const { config, bytes } = pick(random, EXPORTS);
  if (random(4) === 0) return { config, bytes: mutateBytes(bytes, random) };
  const model = readModelProto(bytes);
  for (let i = random(3); i >= 0; i--) pick(random, faults)(model.graph!, random);
  return { config, bytes: exchangeWeights(model, [], () => new Uint8Array()) };
}

test('exports of other tools, opened for training', { timeout: TIMEOUT }, async () => {
  const report = await campaign({
    format: 'trainable onnx',
    seed: SEED,
    mutant: damaged,
    async open({ config, bytes }) {
      const source = memorySource({ [PATH]: bytes, 'onnx/w': new Uint8Array(64) });
      const file = await openTrainableFile(source, PATH, config, { names: ['logits'], rank: 2, width: 1 });
      for (const { name } of file.parameters) await file.read(name);
      file.withWeights((name) => {
        const { shape } = file.parameters.find((one) => one.name === name)!;
        return new Float32Array(shape.reduce((count, size) => count * size, 1));
      });
    },
    errors: [OnnxFileError, FileSourceError],
  });
  expect(report.read).toBeGreaterThan(5);
  expect(report.refused).toBeGreaterThan(100);
  expect(report.reasons.size).toBeGreaterThan(30);
});

test('exports of other tools, decoded', { timeout: TIMEOUT }, async () => {
  const report = await campaign({
    format: 'onnx graph',
    seed: SEED + 1,
    mutant: damaged,
    open({ bytes }) {
      trainability(bytes);
      decodeModel(bytes);
    },
    errors: [GraphError],
  });
  expect(report.read).toBeGreaterThan(0);
  expect(report.refused).toBeGreaterThan(100);
  expect(report.reasons.size).toBeGreaterThan(30);
});

test('names of what every object has are names as others', () => {
  const graph = trace({ x: { dtype: 'float32', shape: ['rows', 3] } }, ({ x }) => ({
    y: linear(x, parameter('weight', [2, 3], 'float32')),
  }));
  const model = readModelProto(encodeModel(graph, { initializer: () => new Uint8Array(24) }));
  model.graph!.input[0]!.name = '__proto__';
  for (const { input } of model.graph!.node)
    for (const [at, name] of input.entries()) if (name === 'x') input[at] = '__proto__';
  const bytes = exchangeWeights(model, [], () => new Uint8Array());
  expect(trainability(bytes)).toEqual({ trainable: true, blocked: [] });
  expect(decodeModel(bytes).graph.inputs.map(nameOf)).toEqual(['__proto__']);
});
