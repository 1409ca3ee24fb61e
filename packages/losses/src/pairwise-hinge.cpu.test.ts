import { gradients, reduceSum, trace, type Value } from '@rag/onnx';
import { floats, type HostTensor, numbersOf, runGraph, tensor } from '@rag/onnx/testing';
import { expect, test } from 'vitest';
import { pairwiseHinge } from './pairwise-hinge.js';

/** The definition, pair by pair: hinge means and gradients of their sum. */
function pairByPair(
  scores: readonly number[],
  teacher: readonly number[],
  chosen: readonly number[],
  margin: number,
) {
  const gradient = scores.map(() => 0);
  let [sum, pairs] = [0, 0];
  for (const [i, y] of teacher.entries())
    for (let j = i + 1; j < teacher.length; j++) {
      if (!chosen[i] || !chosen[j]) continue;
      pairs++;
      const [hi, lo] = teacher[j]! < y ? [i, j] : [j, i];
      const hinge = margin - (scores[hi]! - scores[lo]!);
      if (hinge <= 0) continue;
      sum += hinge;
      gradient[hi]! -= 1;
      gradient[lo]! += 1;
    }
  const mean = pairs === 0 ? 0 : 1 / pairs;
  return { mean: sum * mean, gradient: gradient.map((x) => x * mean) };
}

async function evaluate(
  scores: HostTensor,
  teacher: readonly number[],
  chosen: readonly number[],
  margin: number,
  static_: boolean,
) {
  const n = teacher.length;
  const [lists, size] = static_ ? [scores.shape[0]!, n] : ['lists', 'n'];
  const graph = trace(
    {
      scores: { dtype: 'float32', shape: [lists, size] },
      teacher: { dtype: 'float32', shape: [size] },
      chosen: { dtype: 'bool', shape: [size] },
    },
    (inputs) => {
      const hinges = pairwiseHinge(inputs, margin);
      return { hinges, gradient: gradients(sumOf(hinges), [inputs.scores])[0]! };
    },
  );
  const { hinges, gradient } = await runGraph(graph, {
    scores,
    teacher: tensor(teacher, 'float32'),
    chosen: tensor(chosen, 'bool'),
  });
  return { hinges: numbersOf(hinges!), gradient: numbersOf(gradient!) };
}

const sumOf = (x: Value): Value => reduceSum(x);

const asFloat32 = (x: HostTensor): HostTensor => ({
  ...x,
  dtype: 'float32',
  data: Float32Array.from(numbersOf(x)),
});

test.each([
  [1, 0.015],
  [2, 0.015],
  [3, 0],
  [7, 0.3],
  [32, 0.015],
  [33, 0.015],
  [100, 0.1],
  [257, 0.015],
])('%d elements with margin %d: as pair by pair', async (n, margin) => {
  const scores = asFloat32(floats([3, n], n));
  const teacher = numbersOf(asFloat32(floats([n], n + 1)));
  const chosen = numbersOf(floats([n], n + 2, 0, 4)).map((x) => (x < 1 ? 0 : 1));
  for (const static_ of [true, false]) {
    const result = await evaluate(scores, teacher, chosen, margin, static_);
    for (let list = 0; list < 3; list++) {
      const of = (x: readonly number[]) => x.slice(list * n, (list + 1) * n);
      const expected = pairByPair(of(numbersOf(scores)), teacher, chosen, margin);
      expect(result.hinges[list]).toBeCloseTo(expected.mean, 6);
      for (const [at, g] of of(result.gradient).entries()) expect(g).toBeCloseTo(expected.gradient[at]!, 6);
    }
  }
});
