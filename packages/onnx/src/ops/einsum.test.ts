import { describe, expect, test } from 'vitest';
import { gradients } from '../grad/gradients.js';
import { input } from '../ir/value.js';
import { einsum } from './matmul.js';
import { reduceSum } from './reduce.js';

const [a, b] = [input('a', 'float32', ['n', 3]), input('b', 'float32', [3, 4])];

describe('equations that are refused', () => {
  test.each<readonly [string, string]>([
    ['ij,jk', 'expected an explicit equation of 2 operands'],
    ['ij->i', 'expected an explicit equation of 2 operands'],
    ['ii,jk->k', 'expected each index once per operand, got "ii"'],
    ['...j,jk->...k', 'expected an explicit equation'],
    ['ijk,jk->i', 'expected rank 3 for "ijk", got [n, 3]'],
    ['ij,ik->jk', 'expected one size for index "i", got n and 3'],
    ['ij,jk->im', 'expected index "m" in an operand'],
  ])('%s', (equation, message) => {
    expect(() => einsum(equation, a, b)).toThrow(message);
  });
  test('one whose gradient einsum cannot say', () => {
    expect(() => gradients(reduceSum(einsum('ij,kl->kl', a, b)), [a])).toThrow(
      'expected index "i" in another operand or the output of "ij,kl->kl" — reduceSum() it first',
    );
  });
});

test('sizes may be symbols, spaces are free', () => {
  expect(einsum('ij, jk -> ki', a, b).shape).toEqual([4, 'n']);
});
