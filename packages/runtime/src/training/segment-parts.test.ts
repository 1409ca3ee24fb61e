import { add, input, linear, matmul, mul, nameOf, parameter, reduceSum, type Value } from '@rag/onnx';
import { describe, expect, it } from 'vitest';
import type { ObjectiveGraph } from './objective.js';
import { gradientFlows, segmentParts } from './segment-parts.js';
import { segmentKinds } from './segment-structure.js';

/** Layers `layers.<i>` [4, 4] over x; the last of three segments reads the first state too. */
function graph(layers: number): ObjectiveGraph {
  const x = input('x', 'float32', ['rows', 4]);
  const mask = input('mask', 'float32', ['rows', 4]);
  const idle = input('idle', 'float32', []);
  const states: Value[] = [matmul(x, parameter('embed', [4, 4]))];
  for (let i = 0; i < layers; i++)
    states.push(mul(linear(states.at(-1)!, parameter(`layers.${i}`, [4, 4])), mask));
  const end = add(states.at(-1)!, states[0]!);
  return {
    inputs: [x, mask, idle],
    sum: reduceSum(linear(end, parameter('head', [1, 4]))),
    weight: reduceSum(mask),
    cuts: states.map((state, i) => ({ [`state.${i}`]: state })),
  };
}

describe('the parts between cuts', () => {
  const parts = segmentParts(graph(2));
  it('take what they read of any part before them', () => {
    expect(parts.map(({ takes }) => takes.map(nameOf))).toEqual([
      [],
      ['state.0'],
      ['state.1'],
      ['state.0', 'state.2'],
    ]);
    expect(parts.map(({ yields }) => Object.keys(yields))).toEqual([
      ['state.0'],
      ['state.1'],
      ['state.2'],
      ['loss', 'weight'],
    ]);
  });

  it('are fed what they read; what nothing reads, the first', () => {
    expect(parts.map(({ inputs }) => inputs.map(nameOf))).toEqual([
      ['x', 'idle'],
      ['mask'],
      ['mask'],
      ['mask'],
    ]);
  });

  it('refuse one value in two cuts', () => {
    const { cuts, ...rest } = graph(1);
    const twice = [...cuts!, { again: cuts![0]!['state.0']! }];
    expect(() => segmentParts({ ...rest, cuts: twice })).toThrow(
      'cut "again": expected a value of its own, got that of the cut "state.0" — name it once',
    );
  });
});

describe('gradients', () => {
  const flowsOf = (trainable: (name: string) => boolean) =>
    gradientFlows(segmentParts(graph(2)), trainable).map(
      (flow) => flow && [flow.arriving, flow.leaving.map(nameOf), flow.trained.map(nameOf)],
    );
  it('flow back to everything that is trained', () => {
    expect(flowsOf(() => true)).toEqual([
      [['state.0'], [], ['embed']],
      [['state.1'], ['state.0'], ['layers.0']],
      [['state.2'], ['state.1'], ['layers.1']],
      [[], ['state.0', 'state.2'], ['head']],
    ]);
  });

  it('stop where nothing before is trained', () => {
    expect(flowsOf((name) => name === 'layers.1')).toEqual([
      undefined,
      undefined,
      [['state.2'], [], ['layers.1']],
      [[], ['state.2'], []],
    ]);
    expect(flowsOf((name) => name === 'head').slice(0, 3)).toEqual([undefined, undefined, undefined]);
  });

  it('make layers of one kind, the first frozen one’s input or not', () => {
    const parts = segmentParts(graph(4));
    const kinds = (trainable: (name: string) => boolean) =>
      segmentKinds(parts, parts, gradientFlows(parts, trainable)).map(({ key }) => key);
    expect(new Set(kinds(() => true)).size).toBe(2);
    expect(new Set(kinds((name) => name !== 'embed')).size).toBe(2);
    expect(new Set(kinds((name) => name !== 'layers.1')).size).toBe(3);
  });

  it('name what corresponds', () => {
    const parts = segmentParts(graph(2));
    const [, first, second] = segmentKinds(
      parts,
      parts,
      gradientFlows(parts, () => true),
    );
    expect(first!.names).toEqual(['state.0', 'layers.0', 'mask', 'state.1']);
    expect(second!.names).toEqual(['state.1', 'layers.1', 'mask', 'state.2']);
  });
});
