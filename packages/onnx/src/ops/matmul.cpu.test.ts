import { floats } from '../testing/index.js';
import { testFamily } from '../testing/op-family.js';
import * as family from './matmul.js';

const { MatMul, FusedMatMul, Gemm, Einsum } = family;
const flags = [0, 1] as const;
const swap = ([rows, columns]: readonly [number, number], swapped: number): [number, number] =>
  swapped ? [columns, rows] : [rows, columns];

testFamily(family, {}, (testOp) => {
  for (const [name, a, b] of [
    ['matrices', [2, 3], [3, 4]],
    ['batches', [5, 2, 3], [5, 3, 4]],
    ['a matrix on the right', [5, 2, 3], [3, 4]],
    ['a matrix on the left', [2, 3], [5, 3, 4]],
    ['batches that broadcast both ways', [5, 1, 2, 3], [6, 3, 4]],
    ['a batch of one', [1, 2, 3], [5, 3, 4]],
  ] as const) {
    const inputs = { a: floats(a, 1), b: floats(b, 2) };
    testOp(name, { ops: [MatMul], inputs, build: ({ a, b }) => family.matmul(a!, b!) });
  }
  for (const transA of flags)
    for (const transB of flags) {
      for (const batch of [[], [5], [2, 5]])
        testOp(`transA ${transA}, transB ${transB}, batch [${batch.join(', ')}]`, {
          ops: [FusedMatMul],
          inputs: {
            a: floats([...batch, ...swap([2, 3], transA)], 3),
            b: floats([...batch, ...swap([3, 4], transB)], 4),
          },
          build: ({ a, b }) => FusedMatMul.of([a!, b!], { alpha: 0.5, transA, transB }),
        });
      testOp(`transA ${transA}, transB ${transB} with a matrix on the right`, {
        ops: [FusedMatMul],
        inputs: { a: floats([5, ...swap([2, 3], transA)], 5), b: floats(swap([3, 4], transB), 6) },
        build: ({ a, b }) => FusedMatMul.of([a!, b!], { alpha: 1, transA, transB }),
      });
      const operands = { a: floats(swap([2, 3], transA), 7), b: floats(swap([3, 4], transB), 8) };
      testOp(`transA ${transA}, transB ${transB}`, {
        ops: [Gemm],
        inputs: operands,
        build: ({ a, b }) => family.gemm(a!, b!, { alpha: 0.7, transA, transB }),
      });
      for (const c of [[4], [2, 1], [1, 4], [2, 4], [1], []])
        testOp(`transA ${transA}, transB ${transB}, C [${c.join(', ')}]`, {
          ops: [Gemm],
          inputs: { ...operands, c: floats(c, 9) },
          build: ({ a, b, c }) => family.gemm(a!, b!, { c: c!, alpha: 1.5, beta: 0.3, transA, transB }),
        });
    }
  testOp('as torch.nn.Linear', {
    ops: [Gemm],
    inputs: { x: floats([5, 3], 10), weight: floats([2, 3], 11), bias: floats([2], 12) },
    build: ({ x, weight, bias }) => family.linear(x!, weight!, bias!),
  });
  for (const [equation, ...shapes] of [
    ['ij,jk->ik', [2, 3], [3, 4]],
    ['bqd,bkd->bqk', [2, 3, 4], [2, 5, 4]],
    ['bqd,ckd->bcqk', [2, 3, 4], [5, 6, 4]],
    ['i,i->', [4], [4]],
    ['i,j->ij', [4], [3]],
    ['ijk->kij', [2, 3, 4]],
    ['ij,jk,kl->il', [2, 3], [3, 4], [4, 5]],
    ['bij,b->bij', [2, 3, 4], [2]],
  ] as const)
    testOp(equation, {
      ops: [Einsum],
      inputs: Object.fromEntries(shapes.map((shape, i) => [`x${i}`, floats(shape, 20 + i)])),
      build: (values) => family.einsum(equation, ...shapes.map((_, i) => values[`x${i}`]!)),
    });
});
