import { expect, test } from 'vitest';
import { foreignModel } from '../testing/foreign-model.js';
import { floats, inPrecision, tensor } from '../testing/index.js';
import { readModelProto } from './decode.js';
import { initializerRoles } from './initializer-roles.js';

const float = (...shape: number[]) => inPrecision(floats(shape, 1), 'float32');
const node = (opType: string, input: string[], output: string) => ({ opType, input, output: [output] });
const { graph } = readModelProto(
  foreignModel({
    nodes: [
      node('Identity', ['norm.weight'], 'other.norm.weight'),
      node('Mul', ['positions', 'frequencies'], 'angles'),
      node('Cos', ['angles'], 'cos'),
      node('Gemm', ['x', 'onnx::MatMul_7', 'one'], 'h'),
      node('Mul', ['h', 'cos'], 'turned'),
      node('Mul', ['turned', 'other.norm.weight'], 'scaled'),
      node('Add', ['scaled', 'out.bias'], 'shifted'),
      node('Mul', ['shifted', 'factor'], 'moved'),
      node('Gather', ['rotary.cos_cached', 'places'], 'cached'),
      node('Mul', ['moved', 'cached'], 'y'),
    ],
    inputs: { x: float(2, 4), positions: float(2, 1) },
    initializers: {
      'norm.weight': float(4),
      frequencies: float(4),
      'onnx::MatMul_7': float(4, 4),
      one: float(1),
      'out.bias': float(1),
      factor: float(1),
      'rotary.cos_cached': float(8, 4),
      places: tensor([1, 2]),
      unread: float(3),
    },
    outputs: ['y'],
  }),
);

test('weights, biases of one element, aliases; not scalars, integers, frequencies and what nothing reads', () => {
  const roles = initializerRoles(graph!, graph!.node);
  expect([...roles.parameters].toSorted()).toEqual(
    ['norm.weight', 'frequencies', 'onnx::MatMul_7', 'one', 'out.bias', 'rotary.cos_cached'].toSorted(),
  );
  expect(roles.aliases.map(({ node: { output }, initializer }) => [output[0], initializer.name])).toEqual([
    ['other.norm.weight', 'norm.weight'],
  ]);
  expect(roles.frozen.toSorted()).toEqual(['frequencies', 'rotary.cos_cached']);
  expect(roles.read.has('unread')).toBe(false);
});
