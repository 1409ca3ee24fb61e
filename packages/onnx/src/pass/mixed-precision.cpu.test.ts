import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { gradients } from '../grad/gradients.js';
import { type Graph, graphOf, trace } from '../ir/trace.js';
import { input, parameter } from '../ir/value.js';
import { add, gelu, mul, sub } from '../ops/elementwise.js';
import { Gemm, gemm, linear, matmul } from '../ops/matmul.js';
import { transpose } from '../ops/movement.js';
import { layerNormalization, softmax } from '../ops/normalize.js';
import { reduceSum } from '../ops/reduce.js';
import { floats, type HostTensor, numbersOf, runGraph, tensor } from '../testing/index.js';
import { checkMixedPrecision } from '../testing/mixed-precision-case.js';
import { mixedPrecision, type NarrowFloat } from './mixed-precision.js';
import { optimize } from './optimize.js';

/** To the nearest number of so many bits of fraction, ties to even; for numbers in the type's normal range. */
function rounded(x: number, fraction: number): number {
  if (x === 0) return 0;
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(x))) - fraction);
  const [down, rest] = [Math.floor(x / unit), x / unit - Math.floor(x / unit)];
  const up = rest > 0.5 || (rest === 0.5 && down % 2 !== 0);
  return (down + (up ? 1 : 0)) * unit;
}
const fractions = { float16: 10, bfloat16: 7 };
const f32 = (data: readonly number[], shape: readonly number[]): HostTensor => tensor(data, 'float32', shape);

describe.each(['float16', 'bfloat16'] as const)('emulated %s', (dtype) => {
  const narrow = (x: number) => rounded(x, fractions[dtype]);
  const emulated = (graph: Graph) => mixedPrecision(graph, dtype, { emulate: true });

  it('rounds the operands and the result of a product, once', async () => {
    const graph = trace(
      { a: { dtype: 'float32', shape: [3, 2] }, b: { dtype: 'float32', shape: [2, 2] } },
      ({ a, b }) => ({ y: gemm(a, b, { alpha: 0.5 }) }),
    );
    const [a, b] = [floats([3, 2], 1, 0.5, 1), floats([2, 2], 2, 0.5, 1)].map((x) =>
      numbersOf(x).map(Math.fround),
    );
    const { y } = await runGraph(emulated(graph), { a: f32(a!, [3, 2]), b: f32(b!, [2, 2]) });
    const at = (i: number, j: number) =>
      [0, 1].reduce((sum, k) => sum + narrow(a![2 * i + k]!) * narrow(b![2 * k + j]!), 0);
    const exact = [0, 1, 2].flatMap((i) => [0, 1].map((j) => 0.5 * at(i, j)));
    expect(numbersOf(y!)).toEqual(exact.map(narrow));
    expect(numbersOf(y!)).not.toEqual(exact.map(Math.fround));
  });

  it('rounds to nearest with ties to even, and beyond the largest number to infinity', async () => {
    const graph = trace(
      { a: { dtype: 'float32', shape: [1, 4] }, b: { dtype: 'float32', shape: [4, 4] } },
      ({ a, b }) => ({ y: matmul(a, b) }),
    );
    const ulp = 2 ** -fractions[dtype];
    const given = [1 + ulp / 2, 1 + 1.5 * ulp, 1 + 0.51 * ulp, -1 - ulp / 2];
    const eye = f32([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], [4, 4]);
    const run = async (a: number[]) =>
      numbersOf((await runGraph(emulated(graph), { a: f32(a, [1, 4]), b: eye })).y!);
    expect(await run(given)).toEqual([1, 1 + 2 * ulp, 1 + ulp, -1]);
    const [large] = await run([65504, 1, 1, 1]);
    expect(large).toBe(dtype === 'float16' ? 65504 : 65536);
    const sum = f32(new Array<number>(16).fill(1), [4, 4]);
    const { y } = await runGraph(emulated(graph), { a: f32([65504, 65504, 0, 0], [1, 4]), b: sum });
    expect(numbersOf(y!)[0]).toBe(dtype === 'float16' ? Number.POSITIVE_INFINITY : 131072);
  });
});

it('the exam of ops looks at narrow nodes', async () => {
  const count = await checkMixedPrecision(
    {
      ops: [Gemm],
      inputs: { a: floats([3, 2], 1), b: floats([2, 4], 2) },
      build: ({ a, b }) => gemm(a!, b!),
    },
    ['a', 'b'],
  );
  // Per type the two operands' casts and the product; gradients of a bare product do without it.
  expect(count).toBe(6);
});

interface Golden {
  readonly loss: number;
  readonly gradients: Readonly<Record<string, number[]>>;
}
type Fixture = Readonly<Record<NarrowFloat | 'float32', Golden>> & {
  readonly x: number[];
  readonly target: number[];
  readonly parameters: Readonly<Record<string, { shape: number[]; data: number[] }>>;
};
// scripts/golden/mixed-precision.py: torch 2.13.0, seed 5.
const fixture: Fixture = JSON.parse(
  readFileSync(new URL('fixtures/mixed-precision.json', import.meta.url), 'utf8'),
);

/** The fixture's layer, its loss and all gradients. */
function layer(): Graph {
  const { x, target } = {
    x: input('x', 'float32', ['rows', 8]),
    target: input('target', 'float32', ['rows', 3]),
  };
  const p = Object.fromEntries(
    Object.entries(fixture.parameters).map(([name, { shape }]) => [name, parameter(name, shape)]),
  );
  const [q, k, v] = ['query', 'key', 'value'].map((name) => linear(x, p[name]!));
  const probabilities = softmax(mul(matmul(q!, transpose(k!)), 1 / Math.sqrt(8)));
  const normed = layerNormalization(add(x, matmul(probabilities, v!)), p.scale!, p.shift!, 1e-5);
  const hidden = gelu(linear(normed, p.up!, p['up.bias']!));
  const error = sub(linear(add(normed, linear(hidden, p.down!)), p.head!), target);
  const loss = reduceSum(mul(error, error));
  const slopes = gradients(loss, Object.values(p));
  return graphOf([x, target], {
    loss,
    ...Object.fromEntries(names.map((name, i) => [`d_${name}`, slopes[i]!])),
  });
}

const distance = (a: readonly number[], b: readonly number[]): number =>
  Math.hypot(...a.map((x, i) => x - b[i]!)) / Math.hypot(...b);

const feeds = {
  x: f32(fixture.x, [12, 8]),
  target: f32(fixture.target, [12, 3]),
  ...Object.fromEntries(
    Object.entries(fixture.parameters).map(([name, { shape, data }]) => [name, f32(data, shape)]),
  ),
};
const names = Object.keys(fixture.parameters);
async function slopesOf(graph: Graph): Promise<Record<string, number[]>> {
  const outputs = await runGraph(graph, feeds);
  return Object.fromEntries(names.map((name) => [name, numbersOf(outputs[`d_${name}`]!)]));
}

describe.each(['cpu', 'webgpu'] as const)('a layer by the passes for %s', (provider) => {
  const optimized = optimize(layer(), provider);

  it("has torch's gradients in float32, and near them those of its autocast in emulated bfloat16", async () => {
    const { bfloat16, float32 } = fixture;
    const wide = await slopesOf(optimized);
    const narrow = await slopesOf(mixedPrecision(optimized, 'bfloat16', { emulate: true }));
    let [ours, float] = [0, 0];
    for (const name of names) {
      expect(distance(wide[name]!, float32.gradients[name]!)).toBeLessThan(1e-5);
      expect(distance(narrow[name]!, bfloat16.gradients[name]!)).toBeLessThan(0.015);
      ours += distance(narrow[name]!, bfloat16.gradients[name]!);
      float += distance(float32.gradients[name]!, bfloat16.gradients[name]!);
    }
    // torch also rounds sums and factors that stay float32 here.
    expect(ours).toBeLessThan(0.7 * float);
  });

  it.each([
    ['float16', 1e-5, 3e-3],
    ['bfloat16', 1e-3, 2.4e-2],
  ] as const)(
    'has gradients in emulated %s that differ from float32 by at least %s and at most %s',
    async (dtype, least, most) => {
      const wide = await slopesOf(optimized);
      const narrow = await slopesOf(mixedPrecision(optimized, dtype, { emulate: true }));
      for (const name of names) {
        expect(distance(narrow[name]!, wide[name]!)).toBeGreaterThan(least);
        expect(distance(narrow[name]!, wide[name]!)).toBeLessThan(most);
      }
    },
  );
});
