import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { graphOf } from '../ir/trace.js';
import { isFloat } from '../ir/type.js';
import { input, parameter } from '../ir/value.js';
import { add, mul } from '../ops/elementwise.js';
import { linear } from '../ops/matmul.js';
import { topK } from '../ops/reduce.js';
import { opTable } from '../ops/table.js';
import {
  floats,
  type HostTensor,
  inPrecision,
  numbersOf,
  openGraph,
  openModel,
  tensor,
} from '../testing/index.js';
import { decodeModel } from './decode.js';
import { encodeModel, toModelProto, valueInfo } from './encode.js';
import {
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProtoSchema,
  ValueInfoProtoSchema,
} from './generated/onnx-ml_pb.js';

type Given = Readonly<Record<string, HostTensor>>;
const float = (shape: readonly number[], seed = 1) => inPrecision(floats(shape, seed), 'float32');
const int64 = (numbers: readonly number[], shape?: readonly number[]) => tensor(numbers, 'int64', shape);

/** A file with one node; operands named in `constants` are initializers, the others inputs. */
function foreign(
  opType: string,
  given: Given,
  {
    domain = '',
    outputs = 1,
    constants = [] as string[],
    attribute = [] as ReturnType<typeof integer>[],
    opset = 13,
  } = {},
): Uint8Array {
  const names = Object.keys(given);
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 8n,
      opsetImport: [['', opset] as const, ['com.microsoft', 1] as const].map(([domain, version]) =>
        create(OperatorSetIdProtoSchema, { domain, version: BigInt(version) }),
      ),
      graph: create(GraphProtoSchema, {
        name: 'foreign',
        node: [
          create(NodeProtoSchema, {
            opType,
            domain,
            input: names,
            output: Array.from({ length: outputs }, (_, i) => `y${i}`),
            attribute,
          }),
        ],
        input: names.filter((name) => !constants.includes(name)).map((name) => valueInfo(name, given[name]!)),
        initializer: constants.map((name) =>
          create(TensorProtoSchema, {
            name,
            dims: given[name]!.shape.map(BigInt),
            dataType: 7,
            int64Data: [...(given[name]!.data as BigInt64Array)],
          }),
        ),
        output: Array.from({ length: outputs }, (_, i) => create(ValueInfoProtoSchema, { name: `y${i}` })),
      }),
    }),
  );
}
const integer = (name: string, i: number) =>
  create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(i) });

/** Runs a file as it is and as we read and wrote it again. */
async function both(bytes: Uint8Array, feeds: Given, opset = 17): Promise<void> {
  const results = [];
  for (const model of [bytes, encodeModel(decodeModel(bytes).graph, { opset })]) {
    const open = await openModel(model);
    results.push(await open.run(feeds));
    await open.close();
  }
  expect(results[1]).toEqual(results[0]);
}

const x = float([3, 4]);
const axis = int64([1]);
/** Attributes of every op that has defaults, all left out. */
const cases: Readonly<Record<string, readonly [Given, Parameters<typeof foreign>[2]?]>> = {
  ':Gemm': [{ a: float([2, 3]), b: float([3, 4]), c: float([4]) }],
  'com.microsoft:FusedMatMul': [{ a: float([2, 3]), b: float([3, 4]) }, { domain: 'com.microsoft' }],
  ':Softmax': [{ x }],
  ':LogSoftmax': [{ x }],
  ':LayerNormalization': [
    { x, scale: float([4]), bias: float([4], 2) },
    { outputs: 3, opset: 17 },
  ],
  ':SimplifiedLayerNormalization': [{ x, scale: float([4]) }],
  ':ReduceSum': [{ x, axis }, { constants: ['axis'] }],
  ':ReduceMean': [{ x }],
  ':ReduceMax': [{ x }],
  ':ReduceProd': [{ x }],
  ':ArgMax': [{ x }],
  ':TopK': [
    { x, k: int64([2]) },
    { outputs: 2, constants: ['k'] },
  ],
  ':CumSum': [{ x, axis: int64([1], []) }, { constants: ['axis'] }],
  ':Shape': [{ x }, { opset: 15 }],
  ':Reshape': [
    { x, to: int64([0, 2, -1]) },
    { constants: ['to'], opset: 14 },
  ],
  ':Transpose': [{ x: float([2, 3, 4]) }],
  ':Split': [
    { x, lengths: int64([1, 2]) },
    { outputs: 2, constants: ['lengths'] },
  ],
  ':Pad': [{ x, pads: int64([1, 0, 0, 2]) }, { constants: ['pads'] }],
  ':Gather': [{ x, i: int64([2, 0]) }],
  ':GatherElements': [{ x, i: int64([2, 0, 1, 1], [1, 4]) }],
  ':GatherND': [{ x, i: int64([2, 0], [2, 1]) }],
  ':ScatterND': [{ x, i: int64([2], [1, 1]), u: float([1, 4]) }, { opset: 16 }],
  ':ScatterElements': [{ x, i: int64([2, 0, 1, 1], [1, 4]), u: float([1, 4]) }, { opset: 16 }],
  ':OneHot': [{ i: int64([2, 0]), depth: int64([3], []), values: float([2]) }, { constants: ['depth'] }],
  ':Trilu': [{ x }, { opset: 14 }],
};
/** Ops whose attributes are required, or which stock ONNX Runtime cannot run. */
const without = [
  ':Cast',
  ':Concat',
  ':Einsum',
  'com.microsoft:AdamWOptimizer',
  'com.microsoft:InplaceClipGradNorm',
];

test.each(Object.entries(cases))(
  '%s without attributes is what ONNX Runtime takes it for',
  async (key, [given, options]) => {
    const bytes = foreign(key.split(':')[1]!, given, options);
    const constants = options?.constants ?? [];
    await both(
      bytes,
      Object.fromEntries(Object.entries(given).filter(([name]) => !constants.includes(name))),
    );
  },
);

test('every op with attributes is among them', () => {
  const withAttributes = [...opTable]
    .filter(([, op]) => Object.keys(op.defaults).length > 0)
    .map(([key]) => key);
  expect(withAttributes.toSorted()).toEqual([...Object.keys(cases), ...without].toSorted());
});

test('operands that other writers leave out', async () => {
  await both(
    foreign('Slice', { x, starts: int64([1]), ends: int64([3]) }, { constants: ['starts', 'ends'] }),
    { x },
  );
  await both(foreign('Squeeze', { x: float([1, 3, 1]) }), { x: float([1, 3, 1]) });
  await both(foreign('ReduceSum', { x }), { x });
  await both(foreign('Split', { x }, { outputs: 2, attribute: [integer('axis', -1)] }), { x });
});

test('Constant and ConstantOfShape with a value', async () => {
  const t = create(TensorProtoSchema, { dims: [1n], dataType: 7, int64Data: [5n] });
  const value = create(AttributeProtoSchema, { name: 'value', type: AttributeType.TENSOR, t });
  await both(foreign('Constant', {}, { attribute: [value] }), {});
  const filled = foreign(
    'ConstantOfShape',
    { shape: int64([2, 3]) },
    { attribute: [value], constants: ['shape'] },
  );
  await both(filled, {});
  expect(decodeModel(filled).graph.outputs.y0).toMatchObject({ dtype: 'int64', shape: [2, 3] });
  const floats = create(AttributeProtoSchema, {
    name: 'value_floats',
    type: AttributeType.FLOATS,
    floats: [1, 2],
  });
  await both(foreign('Constant', {}, { attribute: [floats] }), {});
});

const given = input('x', 'float32', ['n', 3]);
const linearGraph = graphOf([given], { y: linear(given, parameter('w', [2, 3]), parameter('b', [2])) });

test.each([
  [13, 7],
  [14, 7],
  [15, 8],
  [16, 8],
  [17, 8],
])('ONNX Runtime takes opset %i at IR %i, with one thread and with two', async (opset, irVersion) => {
  const feeds = { x: float([5, 3]), w: float([2, 3], 2), b: float([2], 3) };
  const results = [];
  for (const threads of [1, 2]) {
    const open = await openGraph(linearGraph, { opset, irVersion, threads });
    results.push(numbersOf((await open.run(feeds)).y!));
    await open.close();
  }
  expect(results[0]).toHaveLength(10);
  expect(results[1]).toEqual(results[0]);
});

test('parameters in the file, and in another file from an offset', async () => {
  const [w, b] = [float([2, 3], 2), float([2], 3)];
  const bytes = (t: HostTensor) => new Uint8Array(t.data.buffer, t.data.byteOffset, t.data.byteLength);
  const folder = mkdtempSync(join(tmpdir(), 'rag-onnx-'));
  try {
    writeFileSync(join(folder, 'model.safetensors'), Buffer.concat([Buffer.alloc(64), bytes(b), bytes(w)]));
    const place = { w: { offset: 72, length: 24 }, b: { offset: 64, length: 8 } };
    const fed = await openGraph(linearGraph);
    const inline = await openGraph(linearGraph, { initializer: (_, name) => bytes(name === 'w' ? w : b) });
    const external = await openGraph(linearGraph, {
      initializer: (_, name) => ({ location: 'model.safetensors', ...place[name as 'w' | 'b'] }),
      externalDataFolder: folder,
    });
    const x = float([5, 3]);
    const expected = await fed.run({ x, w, b });
    expect(await inline.run({ x })).toEqual(expected);
    expect(await external.run({ x })).toEqual(expected);
    for (const open of [fed, inline, external]) await open.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('several outputs of one node, outputs that are leaves or share a value, a constant', async () => {
  const { values, indices } = topK(given, 2);
  const w = parameter('w', [2]);
  const graph = graphOf([given], {
    values,
    indices,
    same: values,
    x2: given,
    w2: w,
    sum: add(w, 1),
    one: mul(w, 0),
  });
  const open = await openGraph(graph);
  const feeds = { x: tensor([3, 1, 2], 'float32', [1, 3]), w: tensor([4, 5], 'float32') };
  const got = await open.run(feeds);
  await open.close();
  expect(Object.fromEntries(Object.entries(got).map(([name, t]) => [name, numbersOf(t)]))).toEqual({
    values: [3, 2],
    indices: [0, 2],
    same: [3, 2],
    x2: [3, 1, 2],
    w2: [4, 5],
    sum: [5, 6],
    one: [0, 0],
  });
  expect(Object.values(got).filter(({ dtype }) => isFloat(dtype))).toHaveLength(6);
  expect(toModelProto(graph).graph!.node.filter(({ opType }) => opType === 'Identity')).toHaveLength(3);
});
