import { expect, it } from 'vitest';
import * as parts from './jinja.js';

it('finds every part in the installed library', () => {
  expect(Object.keys(parts).sort()).toEqual(['Environment', 'Interpreter', 'parse', 'tokenize']);
  expect(Object.entries(parts).filter(([, part]) => typeof part !== 'function')).toEqual([]);
});

it('finds the methods that are changed', () => {
  for (const method of [
    'run evaluate evaluateBlock evaluateBinaryExpression evaluateFor evaluateMemberExpression',
    'evaluateCallExpression applyFilter',
  ].flatMap((names) => names.split(' ')))
    expect(Object.hasOwn(parts.Interpreter.prototype, method), method).toBe(true);
});
