import { describe, expect, it } from 'vitest';
import { gradients } from '../grad/gradients.js';
import { type Graph, graphOf, nameOf, trace } from '../ir/trace.js';
import { formatType } from '../ir/type.js';
import { input, type Node, parameter, type Value } from '../ir/value.js';
import { add, gelu, mul, sub } from '../ops/elementwise.js';
import { linear, matmul } from '../ops/matmul.js';
import { reshape, transpose } from '../ops/movement.js';
import { l2Normalize, layerNormalization, softmax } from '../ops/normalize.js';
import { reduceSum } from '../ops/reduce.js';
import { mixedPrecision } from './mixed-precision.js';
import { optimize } from './optimize.js';

const weight = (name: string, shape: readonly number[]): Value => parameter(name, shape);

/** One layer of an encoder over [tokens, 4], normalized vectors and the squares of their products. */
function encoder(): { graph: Graph; parameters: readonly Value[] } {
  const x = input('x', 'float32', ['tokens', 4]);
  const [q, k, v] = ['q', 'k', 'v'].map((name) =>
    linear(x, weight(name, [4, 4]), weight(`${name}.bias`, [4])),
  );
  const heads = (y: Value) => transpose(reshape(y, [0, 2, 2]), [1, 0, 2]);
  const probabilities = softmax(mul(matmul(heads(q!), transpose(heads(k!))), Math.SQRT1_2));
  const attended = reshape(transpose(matmul(probabilities, heads(v!)), [1, 0, 2]), [0, 4]);
  const mixed = add(x, linear(attended, weight('out', [4, 4])));
  const normed = layerNormalization(mixed, weight('scale', [4]), weight('shift', [4]), 1e-5);
  const hidden = gelu(linear(normed, weight('up', [8, 4]), weight('up.bias', [8])));
  const vectors = l2Normalize(add(normed, linear(hidden, weight('down', [4, 8]))));
  const scores = matmul(vectors, transpose(vectors));
  const loss = reduceSum(mul(sub(scores, 1), sub(scores, 1)));
  const { parameters } = graphOf([x], { loss });
  const slopes = gradients(loss, parameters);
  const outputs = Object.fromEntries(slopes.map((slope, i) => [`${nameOf(parameters[i]!)}.gradient`, slope]));
  return { graph: graphOf([x], { loss, vectors, ...outputs }), parameters };
}

const isBackward = ({ scope }: Node) => scope.startsWith('gradient');
const types = (nodes: readonly Node[], ...opTypes: string[]) =>
  nodes.filter(({ op }) => opTypes.includes(op.opType)).map(({ outputs }) => outputs[0]!.dtype);
const count = (list: readonly string[], one: string) => list.filter((each) => each === one).length;

describe.each(['float16', 'bfloat16'] as const)('mixedPrecision to %s', (dtype) => {
  const { graph, parameters } = encoder();
  describe.each(['cuda', 'webgpu'] as const)('after the passes for %s', (provider) => {
    const optimized = optimize(graph, provider);
    const { nodes, ...mixed } = mixedPrecision(optimized, dtype);
    const products = ['MatMul', 'FusedMatMul', 'Gemm'];

    it('computes the products of the model and of their gradients narrow, those of the loss not', () => {
      // Six of weights and two of attention, each with two gradients but for x's by the weights of q, k and v, which nobody asks for.
      const forward = types(
        nodes.filter((node) => !isBackward(node)),
        ...products,
      );
      expect([count(forward, dtype), count(forward, 'float32')]).toEqual([8, 1]);
      const backward = types(nodes.filter(isBackward), ...products);
      expect([count(backward, dtype), count(backward, 'float32')]).toEqual([8 * 2 - 3, 2]);
    });

    it('keeps normalization, softmax, sums and the backward of GELU in float32', () => {
      const wide = ['LayerNormalization', 'Softmax', 'ReduceSum', 'ReduceMean', 'Erf', 'Exp', 'Sqrt', 'Div'];
      expect(new Set(types(nodes, ...wide))).toEqual(new Set(['float32']));
    });

    it('takes GELU, and what moves heads, along with the products', () => {
      expect(types(nodes, 'Gelu')).toEqual([dtype]);
      const moving = nodes.filter(
        (node) => !isBackward(node) && ['Transpose', 'Reshape'].includes(node.op.opType),
      );
      const scores = moving.filter(({ outputs }) => outputs[0]!.dtype === 'float32');
      // The transposed vectors of the scores, where no fusion took them in.
      expect(scores).toHaveLength(provider === 'cuda' ? 0 : 1);
    });

    it('casts every value once in each direction', () => {
      const cast = nodes.filter(({ op }) => op.opType === 'Cast');
      const sources = cast.map(({ inputs: [x] }) => x!);
      expect(new Set(sources).size).toBe(sources.length);
      const cut = sources.filter(({ source }) => source.kind === 'parameter').map(nameOf);
      expect(cut.toSorted()).toEqual(
        parameters
          .map(nameOf)
          .filter((name) => !['scale', 'shift'].includes(name))
          .toSorted(),
      );
      for (const {
        inputs: [x],
        outputs: [y],
      } of cast)
        expect(x!.dtype).not.toBe(y!.dtype);
    });

    it('keeps inputs, parameters and the types of outputs', () => {
      expect(mixed.inputs).toEqual(optimized.inputs);
      expect(new Set(mixed.parameters)).toEqual(new Set(optimized.parameters));
      expect(Object.entries(mixed.outputs).map(([name, y]) => [name, formatType(y)])).toEqual(
        Object.entries(optimized.outputs).map(([name, y]) => [name, formatType(y)]),
      );
    });

    it('emulates with no narrow value but between two casts', () => {
      const emulated = mixedPrecision(optimized, dtype, { emulate: true }).nodes;
      const narrow = emulated.filter(({ outputs }) => outputs[0]!.dtype === dtype);
      expect(new Set(narrow.map(({ op }) => op.opType))).toEqual(new Set(['Cast']));
      const readers = emulated.filter(({ inputs }) => inputs.some((x) => x?.dtype === dtype));
      expect(new Set(readers.map(({ op, outputs: [y] }) => `${op.opType} ${y!.dtype}`))).toEqual(
        new Set(['Cast float32']),
      );
      expect(types(emulated, ...products)).toHaveLength(types(nodes, ...products).length);
    });
  });
});

it('weights that are fed count as weights, batches do not', () => {
  const product = (shape: readonly (number | string)[]) => {
    const graph = trace(
      { a: { dtype: 'float32', shape: ['rows', 4] }, b: { dtype: 'float32', shape } },
      ({ a, b }) => ({
        y: matmul(a, b),
      }),
    );
    return types(mixedPrecision(graph, 'float16').nodes, 'MatMul');
  };
  expect(product([4, 2])).toEqual(['float16']);
  expect(product([4, 'columns'])).toEqual(['float32']);
});

it('leaves a graph without products, and float64, alone', () => {
  const wide = trace({ x: { dtype: 'float64', shape: [2, 2] } }, ({ x }) => ({ y: matmul(x, x) }));
  expect(mixedPrecision(wide, 'bfloat16').nodes).toEqual(wide.nodes);
  const plain = trace({ x: { dtype: 'float32', shape: [2, 2] } }, ({ x }) => ({ y: softmax(gelu(x)) }));
  expect(mixedPrecision(plain, 'bfloat16', { emulate: true }).nodes).toEqual(plain.nodes);
});
