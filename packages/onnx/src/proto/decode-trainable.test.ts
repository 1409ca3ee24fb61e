import { toBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { gradients } from '../grad/gradients.js';
import { nameOf } from '../ir/trace.js';
import { input } from '../ir/value.js';
import { reduceSum } from '../ops/reduce.js';
import { type ForeignModelSpec, foreignModel, intAttribute } from '../testing/foreign-model.js';
import { floats, inPrecision, tensor } from '../testing/index.js';
import { readModelProto } from './decode.js';
import { decodeTrainable, formatBlocked, trainability } from './decode-trainable.js';
import { ModelProtoSchema, TensorProto_DataLocation } from './generated/onnx-ml_pb.js';

const float = (...shape: number[]) => inPrecision(floats(shape, 1), 'float32');
const node = (opType: string, input: string[], output: string, name = `/layer/${output}/${opType}`) => ({
  opType,
  name,
  input,
  output: [output],
});
const inputs = { x: float(2, 4) };
const decode = (spec: Omit<ForeignModelSpec, 'inputs'>, options = {}) =>
  decodeTrainable(readModelProto(foreignModel({ inputs, ...spec })), options);

describe('a file that trains', () => {
  const spec = {
    nodes: [
      node('Identity', ['norm'], 'again'),
      node('MatMul', ['x', 'weight'], 'h'),
      node('Mul', ['h', 'norm'], 'a'),
      node('Mul', ['a', 'again'], 'y'),
      node('ArgMax', ['limits'], 'z'),
      { ...node('Compress', ['h'], 'unwanted'), attribute: [intAttribute('axis', 0)] },
    ],
    initializers: { weight: float(4, 4), norm: float(4), limits: float(4) },
    outputs: ['y', 'z', 'unwanted'],
  };

  test('has its weights as parameters, those under a second name apart, and a gradient for each', () => {
    const { outputs, parameters, frozen, blocked } = decode(spec, {
      outputs: ['y', 'z'],
      inputs: { x: input('rows', 'float32', ['n', 4]) },
    });
    expect(blocked).toEqual([]);
    expect(outputs.y!.shape).toEqual(['n', 4]);
    expect(parameters).toEqual([
      { name: 'weight', shape: [4, 4], initializer: 'weight' },
      { name: 'norm', shape: [4], initializer: 'norm' },
      { name: 'again', shape: [4], initializer: 'norm' },
    ]);
    // ArgMax hears of them, but no gradient arrives there.
    expect(frozen).toEqual(['limits']);
    const found: string[] = [];
    for (const { source } of reachable(outputs.y!)) if (source.kind === 'parameter') found.push(source.name);
    expect(found.toSorted()).toEqual(['again', 'norm', 'weight']);
  });

  const reachable = (y: ReturnType<typeof decode>['outputs'][string]) => {
    const parameters = [...leaves(y)];
    expect(gradients(reduceSum(y), parameters).map(({ shape }) => shape)).toEqual(
      parameters.map(({ shape }) => shape),
    );
    return parameters;
  };
  function* leaves(y: ReturnType<typeof decode>['outputs'][string]): Generator<typeof y> {
    if (y.source.kind === 'parameter') yield y;
    if (y.source.kind === 'node') for (const operand of y.source.inputs) if (operand) yield* leaves(operand);
  }

  test('needs no elements of its weights: they may lie in another file', () => {
    const model = readModelProto(foreignModel({ inputs, ...spec, outputs: ['y'] }));
    for (const one of model.graph!.initializer) {
      one.dataLocation = TensorProto_DataLocation.EXTERNAL;
      one.rawData = new Uint8Array();
    }
    expect(decodeTrainable(readModelProto(toBinary(ModelProtoSchema, model))).parameters).toHaveLength(3);
  });
});

describe('a file that does not', () => {
  const quantized = foreignModel({
    inputs,
    nodes: [
      { opType: 'DynamicQuantizeLinear', name: '/0/Quantize', input: ['x'], output: ['q', 's', 'z'] },
      node('MatMulInteger', ['q', 'w8', 'z'], 'i', '/0/MatMul'),
      { ...node('Cast', ['i'], 'f'), attribute: [intAttribute('to', 1)] },
      node('MatMulInteger', ['q', 'w8', 'z'], 'j', '/1/MatMul'),
      { ...node('MatMulNBits', ['f', 'w8'], 'n', ''), domain: 'com.microsoft' },
      node('Floor', ['shifted'], 'floored', '/2/Floor'),
      node('Add', ['f', 'bias'], 'shifted'),
    ].toSorted((a, b) => Number(a.opType === 'Floor') - Number(b.opType === 'Floor')),
    initializers: { w8: tensor([1, 2], 'uint8'), bias: float(4) },
    outputs: ['floored', 'j', 'n'],
  });

  test('names every op without a rule at once, but not what stands behind them', () => {
    const { trainable, blocked } = trainability(quantized);
    expect(trainable).toBe(false);
    expect(blocked.map(({ node: name, op, reason }) => [name, op, reason])).toEqual([
      ['/0/Quantize', 'DynamicQuantizeLinear', 'no rule for this op'],
      ['/0/MatMul', 'MatMulInteger', 'no rule for this op'],
      ['/1/MatMul', 'MatMulInteger', 'no rule for this op'],
      ['n', 'com.microsoft.MatMulNBits', 'no rule for this op'],
    ]);
    expect(formatBlocked(blocked)).toBe(
      'DynamicQuantizeLinear ("/0/Quantize"), MatMulInteger (2 nodes, first "/0/MatMul"), com.microsoft.MatMulNBits ("n")',
    );
  });

  test('names an op whose rule says that it has no gradient, where one would have to pass', () => {
    const { blocked } = decode({
      nodes: [
        node('Mul', ['x', 'w'], 'a'),
        node('Floor', ['a'], 'b', '/2/Floor'),
        node('Add', ['b', 'w'], 'y'),
      ],
      initializers: { w: float(4) },
      outputs: ['y'],
    });
    expect(blocked).toEqual([{ node: '/2/Floor', op: 'Floor', reason: 'no gradient for this op' }]);
    expect(formatBlocked(blocked)).toBe('Floor ("/2/Floor": no gradient for this op)');
  });

  test('says what is wrong with a node of a known op, and that weights are half', () => {
    const { blocked } = decode({
      nodes: [node('MatMul', ['x', 'w'], 'h'), node('Add', ['h', 'half'], 'y')],
      initializers: { w: float(3, 4), half: { dtype: 'float16', shape: [4], data: new Uint16Array(4) } },
      outputs: ['y'],
    });
    expect(blocked.map(({ node: name, op }) => [name, op])).toEqual([
      ['half', 'float16 initializer'],
      ['/layer/h/MatMul', 'MatMul'],
    ]);
    expect(blocked[1]!.reason).toContain('expected inner sizes that agree, got [2, 4] and [3, 4]');
  });

  test('has no weights at all', () => {
    const { blocked } = decode({ nodes: [node('Tanh', ['x'], 'y')], outputs: ['y'] });
    expect(blocked).toEqual([
      { node: 'foreign', op: 'graph', reason: 'expected float32 initializers to train, got none' },
    ]);
  });

  test('lacks the output that is asked for', () => {
    const spec = { nodes: [node('Tanh', ['x'], 'y')], outputs: ['y'] };
    expect(() => decode(spec, { outputs: ['logits'] })).toThrow(
      'expected the output "logits", got a graph of y',
    );
    expect(() => decode({ ...spec, outputs: ['none'] })).toThrow('expected nodes that write none, got none');
    expect(() => decode({ ...spec, opset: 12 })).toThrow('opset 13 to 21, got 12');
  });
});

test('the names of a graph are those of its leaves', () => {
  const { outputs } = decode({
    nodes: [node('MatMul', ['x', 'w'], 'y')],
    initializers: { w: float(4, 4) },
    outputs: ['y'],
  });
  const { source } = outputs.y!;
  expect(source.kind === 'node' && source.inputs.map((value) => nameOf(value!))).toEqual(['x', 'w']);
});
