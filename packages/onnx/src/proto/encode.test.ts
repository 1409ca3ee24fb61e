import { expect, test } from 'vitest';
import { graphOf, trace } from '../ir/trace.js';
import { constant, input, parameter, scope, sequenceInput } from '../ir/value.js';
import { Clip, clip, mul } from '../ops/elementwise.js';
import { gemm } from '../ops/matmul.js';
import { Transpose, transpose } from '../ops/movement.js';
import { readModelProto } from './decode.js';
import { encodeModel, toModelProto } from './encode.js';
import {
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataLocation,
} from './generated/onnx-ml_pb.js';

const x = input('x', 'float32', ['n', 2]);
const w = parameter('w', [2, 2]);

test('opset 17 and IR 8 by default, with the domains that nodes use', () => {
  const plain = readModelProto(encodeModel(graphOf([x], { y: mul(x, 2) })));
  expect(plain).toMatchObject({ irVersion: 8n, producerName: '@rag/onnx' });
  expect(plain.opsetImport.map(({ domain, version }) => [domain, version])).toEqual([['', 17n]]);
  const model = toModelProto(graphOf([x], { y: mul(x, 2) }), {
    opset: 14,
    irVersion: 7,
    graphName: 'g',
    metadata: { decay: 'none' },
  });
  expect(model).toMatchObject({ irVersion: 7n, graph: { name: 'g' } });
  expect(model.opsetImport[0]!.version).toBe(14n);
  expect(model.metadataProps).toMatchObject([{ key: 'decay', value: 'none' }]);
});

test('outputs and leaves keep their names, nodes are named by scope and op', () => {
  const y = scope('layer.0', () => mul(mul(x, x), x));
  const { graph } = toModelProto(graphOf([x], { y }));
  expect(graph!.node.map(({ name, output }) => [name, output])).toEqual([
    ['layer.0/Mul', ['layer.0/Mul:0']],
    ['layer.0/Mul_1', ['y']],
  ]);
  expect(graph!.input.map(({ name }) => name)).toEqual(['x']);
});

test('an output that is a leaf, a constant, or another output gets a node of its own', () => {
  const y = mul(x, 2);
  const { graph } = toModelProto(graphOf([x], { y, again: y, x2: x, c: constant(3) }));
  expect(graph!.node.map(({ opType, output }) => [opType, output[0]])).toEqual([
    ['Mul', 'y'],
    ['Identity', 'again'],
    ['Identity', 'x2'],
    ['Identity', 'c'],
  ]);
  expect(() => encodeModel(graphOf([x], { x: mul(x, 2) }))).toThrow(
    'an output name of its own, got "x" twice',
  );
});

test('attributes of every kind', () => {
  const { graph } = toModelProto(
    graphOf([x], {
      a: gemm(x, w, { alpha: 0.5 }),
      b: transpose(x),
      c: Transpose.of([constant(1)], { perm: [] }),
    }),
  );
  const attributes = graph!.node.flatMap(({ attribute }) => attribute);
  const kind = (name: string) => attributes.filter((a) => a.name === name).map(({ type }) => type);
  expect(kind('alpha')).toEqual([AttributeType.FLOAT]);
  expect(kind('transA')).toEqual([AttributeType.INT]);
  expect(kind('perm')).toEqual([AttributeType.INTS, AttributeType.INTS]);
});

test('an operand left out at the end is not listed, one in the middle is empty', () => {
  const { graph } = toModelProto(
    graphOf([x], { a: clip(x, null, 1), b: clip(x, 0, null), c: Clip.of([x, null, null]) }),
  );
  expect(graph!.node.map(({ input }) => input.map((name) => name !== ''))).toEqual([
    [true, false, true],
    [true, true],
    [true],
  ]);
});

test('parameters are inputs, bytes in the model, or a place in a file', () => {
  const graph = trace({ x: x }, (v) => ({ y: gemm(v.x, w, { c: parameter('b', [2]) }) }));
  expect(toModelProto(graph).graph!.input.map(({ name }) => name)).toEqual(['x', 'w', 'b']);
  const bytes = new Uint8Array(new Float32Array([1, 2, 3, 4]).buffer);
  const place = { location: 'model.safetensors', offset: 128, length: 8 };
  const model = toModelProto(graph, { initializer: (_, name) => (name === 'w' ? bytes : place) });
  expect(model.graph!.input.map(({ name }) => name)).toEqual(['x']);
  const [inline, external] = model.graph!.initializer;
  expect(inline).toMatchObject({ name: 'w', dims: [2n, 2n], dataType: 1, rawData: bytes });
  expect(external).toMatchObject({ name: 'b', dataLocation: TensorProto_DataLocation.EXTERNAL });
  expect(Object.fromEntries(external!.externalData.map(({ key, value }) => [key, value]))).toEqual({
    location: 'model.safetensors',
    offset: '128',
    length: '8',
  });
});

test('one constant used twice is written once; a list of tensors is a sequence', () => {
  const two = constant([2, 3]);
  const list = sequenceInput('list', 'float32');
  const { graph } = toModelProto(graphOf([x, list], { a: mul(x, two), b: mul(mul(x, two), two) }));
  expect(graph!.initializer).toHaveLength(1);
  expect(graph!.input[1]!.type!.value.case).toBe('sequenceType');
});
