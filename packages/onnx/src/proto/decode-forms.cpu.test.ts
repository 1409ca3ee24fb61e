import { expect, test } from 'vitest';
import {
  type ForeignNodeSpec,
  foreignModel,
  intAttribute,
  intsAttribute,
  stringAttribute,
} from '../testing/foreign-model.js';
import { floats, type HostTensor, inPrecision, numbersOf, openModel, tensor } from '../testing/index.js';
import { decodeModel } from './decode.js';
import { encodeModel } from './encode.js';

type Tensors = Readonly<Record<string, HostTensor>>;
const float = (shape: readonly number[], seed = 1) => inPrecision(floats(shape, seed), 'float32');
const ints = (...numbers: number[]) => tensor(numbers, 'int64');
const x = float([2, 3, 4]);

interface FormCase {
  readonly node: Omit<ForeignNodeSpec, 'input' | 'output'>;
  readonly inputs: Tensors;
  readonly initializers?: Tensors;
  readonly outputs?: readonly string[];
  readonly opset?: number;
}

const modelOf = ({ node, inputs, initializers = {}, outputs = ['y'], opset = 17 }: FormCase) =>
  foreignModel({
    nodes: [{ ...node, input: [...Object.keys(inputs), ...Object.keys(initializers)], output: outputs }],
    inputs,
    initializers,
    outputs: outputs.filter(Boolean),
    opset,
  });

const microsoft = 'com.microsoft';
test.each<readonly [string, FormCase]>([
  [
    'ReduceMean with axes as operand',
    { node: { opType: 'ReduceMean' }, inputs: { x }, initializers: { axes: ints(-1) }, opset: 18 },
  ],
  [
    'ReduceMax with axes as operand, dims dropped',
    {
      node: { opType: 'ReduceMax', attribute: [intAttribute('keepdims', 0)] },
      inputs: { x },
      initializers: { axes: ints(0, 2) },
      opset: 18,
    },
  ],
  ['ReduceMean of everything', { node: { opType: 'ReduceMean' }, inputs: { x }, opset: 18 }],
  [
    'ReduceMean without axes that is told to do nothing then',
    {
      node: { opType: 'ReduceMean', attribute: [intAttribute('noop_with_empty_axes', 1)] },
      inputs: { x },
      opset: 18,
    },
  ],
  [
    'ReduceL2',
    { node: { opType: 'ReduceL2', attribute: [intsAttribute('axes', 1)] }, inputs: { x }, opset: 13 },
  ],
  [
    'ReduceL2 with axes as operand',
    { node: { opType: 'ReduceL2' }, inputs: { x }, initializers: { axes: ints(-1) }, opset: 18 },
  ],
  [
    'ReduceL2 of everything',
    { node: { opType: 'ReduceL2', attribute: [intAttribute('keepdims', 0)] }, inputs: { x } },
  ],
  [
    'Split into a number of parts',
    {
      node: { opType: 'Split', attribute: [intAttribute('num_outputs', 2), intAttribute('axis', -1)] },
      inputs: { x },
      outputs: ['a', 'b'],
      opset: 18,
    },
  ],
  ...[0, 1, 2, 3, -1].map(
    (axis) =>
      [
        `Flatten at ${axis}`,
        { node: { opType: 'Flatten', attribute: [intAttribute('axis', axis)] }, inputs: { x } },
      ] as const,
  ),
  ['Sum of three', { node: { opType: 'Sum' }, inputs: { x, b: float([3, 1], 2), c: float([4], 3) } }],
  ['CastLike', { node: { opType: 'CastLike' }, inputs: { n: ints(1, 2), x } }],
  ['Dropout in a file for inference', { node: { opType: 'Dropout' }, inputs: { x } }],
  ['Gelu', { node: { opType: 'Gelu' }, inputs: { x }, opset: 20 }],
  [
    'Gelu by tanh',
    {
      node: { opType: 'Gelu', attribute: [stringAttribute('approximate', 'tanh')] },
      inputs: { x },
      opset: 20,
    },
  ],
  ['BiasGelu', { node: { opType: 'BiasGelu', domain: microsoft }, inputs: { x, bias: float([4], 2) } }],
  ['FastGelu', { node: { opType: 'FastGelu', domain: microsoft }, inputs: { x } }],
  [
    'FastGelu with a bias',
    { node: { opType: 'FastGelu', domain: microsoft }, inputs: { x, bias: float([4], 2) } },
  ],
  [
    'SkipLayerNormalization',
    {
      node: { opType: 'SkipLayerNormalization', domain: microsoft },
      inputs: {
        x,
        skip: float([2, 3, 4], 2),
        gamma: float([4], 3),
        beta: float([4], 4),
        bias: float([4], 5),
      },
      outputs: ['y', '', '', 'sum'],
    },
  ],
])('%s gives what ONNX Runtime gives', async (_, form) => {
  const bytes = modelOf(form);
  const results = [];
  for (const model of [bytes, encodeModel(decodeModel(bytes).graph)]) {
    const open = await openModel(model);
    results.push(await open.run(form.inputs));
    await open.close();
  }
  const [theirs, ours] = results as [Tensors, Tensors];
  expect(Object.keys(ours)).toEqual(Object.keys(theirs));
  for (const [name, { dtype, shape }] of Object.entries(theirs)) {
    expect(ours[name]).toMatchObject({ dtype, shape });
    const numbers = numbersOf(theirs[name]!);
    for (const [i, value] of numbersOf(ours[name]!).entries()) expect(value).toBeCloseTo(numbers[i]!, 5);
  }
});

test.each<readonly [string, FormCase, string]>([
  [
    'Dropout that trains',
    {
      node: { opType: 'Dropout' },
      inputs: { x },
      initializers: { ratio: tensor([0.5], 'float32', []), training_mode: tensor([1], 'bool', []) },
    },
    'expected Dropout that is off',
  ],
  [
    'parts that do not divide',
    {
      node: { opType: 'Split', attribute: [intAttribute('num_outputs', 2), intAttribute('axis', 1)] },
      inputs: { x },
      outputs: ['a', 'b'],
      opset: 18,
    },
    'expected a static axis that 2 parts divide',
  ],
  [
    'axes that are data',
    { node: { opType: 'ReduceL2' }, inputs: { x, axes: ints(1) }, opset: 18 },
    'expected constant axes of ReduceL2',
  ],
  [
    'an operand that is left out',
    { node: { opType: 'BiasGelu', domain: microsoft }, inputs: { x } },
    'expected operand 1 of BiasGelu',
  ],
])('%s: refused', (_, form, message) => {
  expect(() => decodeModel(modelOf(form))).toThrow(message);
});
