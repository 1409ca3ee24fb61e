import { create, toBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { GraphError } from '../ir/error.js';
import { printGraph } from '../ir/print.js';
import { graphOf } from '../ir/trace.js';
import { constant, constantNumbers, input, parameter, scope, sequenceInput } from '../ir/value.js';
import { add, cast, clip, mul } from '../ops/elementwise.js';
import { linear } from '../ops/matmul.js';
import { reshape, shapeOf, transpose } from '../ops/movement.js';
import { layerNormalization, softmax } from '../ops/normalize.js';
import { argMax, reduceMean, reduceSum, topK } from '../ops/reduce.js';
import { concat, pad, slice, split } from '../ops/slice.js';
import { uniform } from '../testing/host-tensor.js';
import { decodeModel, readModelProto, sameType, typeOf } from './decode.js';
import { encodeModel, valueInfo } from './encode.js';
import {
  type ModelProto,
  ModelProtoSchema,
  TensorProto_DataLocation,
  TensorProtoSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
} from './generated/onnx-ml_pb.js';

const x = input('x', 'float32', ['batch', 'seq', 4]);
const graph = (() => {
  const weight = parameter('weight', [6, 4]);
  const hidden = scope('layer.0', () => linear(reshape(x, [-1, 4]), weight));
  const normal = layerNormalization(hidden, parameter('scale', [6]), parameter('bias', [6]), 1e-5);
  const { values, indices } = topK(softmax(normal), 2);
  const [left, right] = split(normal, [2, 4], 1);
  return graphOf([x], {
    values,
    best: add(indices, 0),
    clipped: clip(left!, null, 0.5),
    moved: transpose(pad(right!, [0, 1], [1, 0])),
    sum: reduceSum(x, [0, -1]),
    place: cast(argMax(x, 1), 'float32'),
    mean: reduceMean(slice(x, [1], [Number.MAX_SAFE_INTEGER], [2]), [-1], true),
    sizes: concat([shapeOf(x), constant([7], 'int64')], 0),
    leaf: x,
  });
})();
const bytes = encodeModel(graph, { metadata: { groups: '[]' } });

/** The example with changes made to its message. */
function edited(change: (model: ModelProto) => void): Uint8Array {
  const model = readModelProto(bytes);
  change(model);
  return toBinary(ModelProtoSchema, model);
}
const nodeOf = (model: ModelProto, opType: string) => model.graph!.node.find((n) => n.opType === opType)!;

describe('round trips', () => {
  test('a decoded graph prints as the one it was, and stays so', () => {
    const decoded = decodeModel(bytes);
    expect(decoded).toMatchObject({ opset: 17, metadata: { groups: '[]' } });
    const again = encodeModel(decoded.graph);
    // Parameters come back as inputs, outputs that are leaves through Identity, attributes with their defaults.
    const listing = printGraph(decoded.graph);
    expect(listing).toContain(
      '%1 = Gemm{alpha=1, beta=1, transA=0, transB=1}(%0, weight, _)  float32[batch*seq, 6]  # layer.0',
    );
    expect(listing).toContain('float32[batch, seq, 1]');
    expect(listing).toContain('output best = ');
    expect(printGraph(decodeModel(again).graph)).toBe(listing);
    expect(Object.keys(decoded.graph.outputs)).toEqual(Object.keys(graph.outputs));
    for (const [name, value] of Object.entries(graph.outputs))
      expect(sameType(decoded.graph.outputs[name]!, value), name).toBe(true);
  });
  test('a list of tensors', () => {
    const list = sequenceInput('list', 'float32');
    const { inputs } = decodeModel(encodeModel(graphOf([list, x], { y: mul(x, 2) }))).graph;
    expect(inputs[0]).toMatchObject({ dtype: 'float32', container: 'sequence' });
  });
  test('constants of every dtype, raw and listed', () => {
    const listed = edited((model) => {
      model.graph!.initializer.push(
        create(TensorProtoSchema, { name: 'f', dims: [2n], dataType: 1, floatData: [1, 2.5] }),
        create(TensorProtoSchema, { name: 'd', dims: [], dataType: 11, doubleData: [0.1] }),
        create(TensorProtoSchema, { name: 'b', dims: [2n], dataType: 9, int32Data: [1, 0] }),
        create(TensorProtoSchema, { name: 'l', dims: [1n], dataType: 7, int64Data: [-(2n ** 40n)] }),
      );
      for (const name of ['f', 'd', 'b', 'l'])
        model.graph!.output.push(create(ValueInfoProtoSchema, { name }));
    });
    const { outputs } = decodeModel(listed).graph;
    expect(
      ['f', 'd', 'b', 'l'].map((name) => [outputs[name]!.dtype, constantNumbers(outputs[name])]),
    ).toEqual([
      ['float32', [1, 2.5]],
      ['float64', [0.1]],
      ['bool', [1, 0]],
      ['int64', [-(2 ** 40)]],
    ]);
  });
});

describe('files that are wrong', () => {
  test.each<readonly [string, (model: ModelProto) => void, string]>([
    ['no graph', (m) => (m.graph = undefined), 'expected a model with a graph, got none'],
    ['an opset whose rules are others', (m) => (m.opsetImport[0]!.version = 22n), 'opset 13 to 21, got 22'],
    ['no opset', (m) => m.opsetImport.splice(0), 'got none'],
    [
      'an unknown op',
      (m) => (nodeOf(m, 'Gemm').opType = 'Gem'),
      'node "layer.0/Gemm": expected an op that @rag/onnx knows, got ai.onnx.Gem',
    ],
    ['an unknown domain', (m) => (nodeOf(m, 'Gemm').domain = 'my'), 'got my.Gemm'],
    [
      'an unknown attribute',
      (m) => (nodeOf(m, 'Gemm').attribute[0]!.name = 'alfa'),
      'attributes among [alpha, beta, transA, transB], got "alfa"',
    ],
    [
      'an attribute of another kind',
      (m) => (nodeOf(m, 'Gemm').attribute[0]!.type = 3),
      'expected "alpha" to be a number, got string',
    ],
    ['an attribute that is a graph', (m) => (nodeOf(m, 'Gemm').attribute[0]!.type = 5), 'got type 5'],
    [
      'an operand written later',
      (m) => (nodeOf(m, 'Gemm').input[0] = 'values'),
      'expected "values" to be written before node "layer.0/Gemm"',
    ],
    [
      'operands missing',
      (m) => nodeOf(m, 'Gemm').input.splice(0),
      'expected the operands and attributes of Gemm',
    ],
    [
      'a name written twice',
      (m) => (nodeOf(m, 'Softmax').output[0] = nodeOf(m, 'Gemm').output[0]!),
      'expected a new name for each output',
    ],
    [
      'too many outputs',
      (m) => nodeOf(m, 'Softmax').output.push('more'),
      'expected at most 1 outputs of Softmax, got 2',
    ],
    [
      'an output that nothing writes',
      (m) => (m.graph!.output[0]!.name = 'nobody'),
      'expected "nobody" to be written before the outputs',
    ],
    [
      'fewer bytes than elements',
      (m) => (m.graph!.initializer[0]!.rawData = new Uint8Array(3)),
      'bytes, got 3',
    ],
    [
      'a size below 0',
      (m) => (m.graph!.initializer[0]!.dims = [-2n, -1n]),
      'expected sizes from 0 to 2^53, got [-2, -1]',
    ],
    ['sizes of 2^62 elements', (m) => (m.graph!.initializer[0]!.dims = [2n ** 31n, 2n ** 31n]), 'bytes, got'],
    ['an element type we have none for', (m) => (m.graph!.initializer[0]!.dataType = 8), 'got code 8'],
    [
      'external data',
      (m) => (m.graph!.initializer[0]!.dataLocation = TensorProto_DataLocation.EXTERNAL),
      'load the model through a session',
    ],
    ['an input of any rank', (m) => clearShape(m), 'expected a shape, got a tensor of any rank'],
  ])('%s', (_, change, message) => {
    const wrong = edited(change);
    expect(() => decodeModel(wrong)).toThrow(GraphError);
    expect(() => decodeModel(wrong)).toThrow(message);
  });

  function clearShape(model: ModelProto): void {
    const type = model.graph!.input[0]!.type!.value;
    if (type.case === 'tensorType') type.value.shape = undefined;
  }

  test('bytes that are cut or changed anywhere decode or raise a GraphError, nothing else', () => {
    const next = uniform(7);
    const outcomes = { decoded: 0, refused: 0 };
    for (let i = 0; i < 1500; i++) {
      const hostile = i % 3 === 0 ? bytes.slice(0, Math.floor(next() * bytes.length)) : bytes.slice();
      for (let flips = 0; i % 3 !== 0 && flips <= i % 4; flips++)
        hostile[Math.floor(next() * hostile.length)] = Math.floor(next() * 256);
      try {
        decodeModel(hostile);
        outcomes.decoded++;
      } catch (error) {
        if (!(error instanceof GraphError)) throw error;
        outcomes.refused++;
      }
    }
    expect(outcomes.refused).toBeGreaterThan(100);
    expect(outcomes.decoded).toBeGreaterThan(10);
  });

  test('bytes of something else', () => {
    expect(() => decodeModel(new TextEncoder().encode('{"not":"onnx"}'))).toThrow(GraphError);
    expect(() => decodeModel(new Uint8Array())).toThrow('expected a model with a graph, got none');
  });
});

test('symbols of other writers become symbols of ours, equal ones equal', () => {
  const type = (...names: string[]) => {
    const info = valueInfo('x', { dtype: 'float32', shape: names });
    return typeOf(info).shape;
  };
  expect(type('batch', '2*batch*seq+1')).toEqual(['batch', '2*batch*seq+1']);
  expect(type('batch size', 'batch size', '-1', '7', '')).toEqual([
    'dim_batch_size',
    'dim_batch_size',
    'dim__1',
    'dim_7',
    'x_4',
  ]);
  expect(() => typeOf(create(ValueInfoProtoSchema, { name: 'y', type: create(TypeProtoSchema) }))).toThrow(
    '"y": expected a tensor, got no type',
  );
});
