import {
  add,
  constant,
  gelu,
  input,
  linear,
  mul,
  parameter,
  readModelProto,
  reduceSum,
  sub,
} from '@rag/onnx';
import { describe, expect, it, test } from 'vitest';
import { decodeCheckpoint } from '../artifacts/decode-checkpoint.js';
import { ArtifactError } from '../artifacts/error.js';
import { type CompileOptions, compile } from './compile.js';
import type { Objective, ObjectiveGraph } from './objective.js';
import { artifactsOf } from './plan.js';

/** Half the squared error of a two-layer network; `change` replaces parts of it. */
const network = (
  change: (parts: ObjectiveGraph, mode: 'train' | 'eval') => Partial<ObjectiveGraph> = () => ({}),
): Objective => ({
  build(mode) {
    const x = input('x', 'float32', ['batch', 3]);
    const y = input('y', 'float32', ['batch', 2]);
    const hidden = gelu(linear(x, parameter('first.weight', [4, 3]), parameter('first.bias', [4])));
    const output = linear(hidden, parameter('second.weight', [2, 4]), parameter('second.bias', [2]));
    const error = sub(output, y);
    const parts: ObjectiveGraph = {
      inputs: [x, y],
      sum: mul(reduceSum(mul(error, error)), 0.5),
      weight: reduceSum(add(mul(error, 0), constant(0.5))),
      outputs: { output },
      cuts: [{ hidden }],
    };
    const { cuts: _, ...whole } = parts;
    return { ...whole, ...change(parts, mode) };
  },
});
const cutNetwork = network(({ cuts }) => ({ cuts: cuts! }));

const first = ['first.weight', 'first.bias'];
const second = ['second.weight', 'second.bias'];
const buffers = (names: readonly string[]) => names.map((name) => `${name}_grad.accumulation.buffer`);
const flags = (names: readonly string[]) => names.map((name) => `${name}_grad.accumulation.out`);
const inputs = (model: Uint8Array) => readModelProto(model).graph!.input.map(({ name }) => name);
const outputs = (model: Uint8Array) => readModelProto(model).graph!.output.map(({ name }) => name);

const planFor = (objective: Objective, options: Partial<CompileOptions> = {}) =>
  compile(objective, {
    initial: (name, shape) => new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(name.length),
    optimizer: {},
    ...options,
  });

describe('compile', () => {
  it('names inputs and outputs as the format does, with the parameters in one order', () => {
    const { trainingModel, evalModel } = artifactsOf(planFor(network()));
    const parameters = [...first, ...second];
    expect(inputs(trainingModel)).toEqual([
      'x',
      'y',
      'loss_scale',
      ...buffers(parameters),
      'lazy_reset_grad',
      ...parameters,
    ]);
    expect(outputs(trainingModel)).toEqual(['loss', 'weight', 'output', ...flags(parameters)]);
    expect(inputs(evalModel)).toEqual(['x', 'y', 'loss_scale', ...parameters]);
    expect(outputs(evalModel)).toEqual(['loss', 'weight', 'output']);
  });

  it('keeps the initial parameters in the checkpoint', () => {
    const { trainable, frozen, optimizer } = decodeCheckpoint(artifactsOf(planFor(network())).checkpoint);
    expect(trainable.map(({ name, shape }) => [name, shape])).toEqual([
      ['first.weight', [4, 3]],
      ['first.bias', [4]],
      ['second.weight', [2, 4]],
      ['second.bias', [2]],
    ]);
    expect(trainable[1]!.data).toEqual(Float32Array.of(10, 10, 10, 10));
    expect([frozen, optimizer]).toEqual([[], undefined]);
  });

  it('asks for initial values when they are needed, and says which does not fit', () => {
    const plan = planFor(network(), { initial: () => new Float32Array(1) });
    expect(() => artifactsOf(plan)).toThrow(
      'parameter "first.weight": expected a Float32Array of 12 elements for [4, 3], got 1 — see `initial`',
    );
  });

  it('gives frozen parameters no gradient', () => {
    const plan = planFor(network(), { trainable: (name) => name.startsWith('second') });
    const { trainingModel, evalModel, checkpoint } = artifactsOf(plan);
    expect(inputs(trainingModel)).toEqual([
      'x',
      'y',
      'loss_scale',
      ...buffers(second),
      'lazy_reset_grad',
      ...first,
      ...second,
    ]);
    expect(outputs(trainingModel)).toEqual(['loss', 'weight', 'output', ...flags(second)]);
    expect(inputs(evalModel).slice(-4)).toEqual([...first, ...second]);
    const { trainable, frozen } = decodeCheckpoint(checkpoint);
    expect([trainable, frozen].map((tensors) => tensors.map(({ name }) => name))).toEqual([second, first]);
  });

  it('makes two segments of a cut objective', () => {
    const [encoder, head, ...more] = planFor(cutNetwork).segments;
    expect(more).toEqual([]);
    expect([encoder, head].map((segment) => [segment!.name, segment!.takes, segment!.yields])).toEqual([
      ['encoder', [], ['hidden']],
      ['head', ['hidden'], []],
    ]);
    expect(inputs(encoder!.trainingModel!)).toEqual([
      'x',
      'hidden.gradient',
      ...buffers(first),
      'lazy_reset_grad',
      ...first,
    ]);
    expect(outputs(encoder!.trainingModel!)).toEqual(flags(first));
    for (const model of [encoder!.forwardModel!, encoder!.evalModel]) {
      expect(inputs(model)).toEqual(['x', ...first]);
      expect(outputs(model)).toEqual(['hidden']);
    }
    expect(head!.forwardModel).toBeUndefined();
    expect(inputs(head!.trainingModel!)).toEqual([
      'y',
      'hidden',
      'loss_scale',
      ...buffers(second),
      'lazy_reset_grad',
      ...second,
    ]);
    expect(outputs(head!.trainingModel!)).toEqual([
      'loss',
      'weight',
      'output',
      'hidden.gradient',
      ...flags(second),
    ]);
    expect(inputs(head!.evalModel)).toEqual(['y', 'hidden', 'loss_scale', ...second]);
  });

  it('takes inputs that nothing reads with or without a cut, before it', () => {
    const idle = input('idle', 'float32', ['batch']);
    const added = (parts: ObjectiveGraph) => ({ inputs: [...parts.inputs, idle] });
    const whole = planFor(network(added)).segments[0]!;
    expect(inputs(whole.trainingModel!)).toContain('idle');
    const [encoder, head] = planFor(network((parts) => ({ ...added(parts), cuts: parts.cuts! }))).segments;
    for (const model of [encoder!.trainingModel!, encoder!.forwardModel!, encoder!.evalModel])
      expect(inputs(model).slice(0, 2)).toEqual(['x', 'idle']);
    expect(inputs(head!.trainingModel!)).not.toContain('idle');
  });

  const shared = parameter('shared', [3]);
  const x = input('x', 'float32', ['batch', 3]);
  const through = (name: string): Objective => ({
    build() {
      const user = input(name, 'float32', ['batch', 3]);
      const hidden = mul(user, shared);
      return { inputs: [user], sum: reduceSum(mul(hidden, shared)), weight: constant(1), cuts: [{ hidden }] };
    },
  });
  const whole = ({ build }: Objective): Objective => ({
    build(mode) {
      const { cuts: _, ...graph } = build(mode);
      return graph;
    },
  });
  const faults: [string, Objective, Partial<CompileOptions>, RegExp][] = [
    ["an input with a gradient's name", whole(through('x_grad')), {}, /user input "x_grad".*"_grad"/],
    ['an input named as the loss scale', whole(through('loss_scale')), {}, /user input "loss_scale".*once/],
    ['nothing to train', network(), { trainable: () => false }, /trainable: .*got none of 4/],
    ['an empty cut', network(() => ({ cuts: [{}] })), {}, /cuts: .*got \[\] and \[\]/],
    [
      'a cut only in training',
      network(({ cuts }, mode) => (mode === 'train' ? { cuts: cuts! } : {})),
      {},
      /cuts: .*got \[hidden\] and \[\]/,
    ],
    ['a weight per row', network(({ inputs }) => ({ weight: inputs[0]! })), {}, /weight: .*got \[batch, 3\]/],
    ['a second loss', network(({ sum }) => ({ outputs: { loss: sum } })), {}, /output "loss".*rename it/],
    [
      "an output with a gradient's name",
      network(({ sum }) => ({ outputs: { 'first.bias.gradient': sum } })),
      {},
      /output "first.bias.gradient".*rename it/,
    ],
    [
      'a trainable parameter that only an output reads',
      network(({ inputs }) => ({ outputs: { scaled: mul(inputs[0]!, shared) } })),
      {},
      /parameter "shared".*only other outputs read — freeze it/,
    ],
    [
      'a parameter only in evaluation',
      network(({ sum }, mode) => (mode === 'eval' ? { sum: add(sum, reduceSum(shared)) } : {})),
      {},
      /"shared".*only in evaluation/,
    ],
    [
      'a parameter in double precision',
      {
        build: () => ({
          inputs: [x],
          sum: reduceSum(mul(x, shared)),
          weight: constant(1),
          outputs: { other: mul(parameter('wide', [1], 'float64'), 2) },
        }),
      },
      { trainable: (name) => name !== 'wide' },
      /parameter "wide": expected float32, got float64/,
    ],
  ];
  test.each(faults)('refuses %s', (_, objective, options, message) => {
    const attempt = () => planFor(objective, options);
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(ArtifactError);
  });
});
