import { weightsOfTensors } from '@rag/models';
import { expect, test } from 'vitest';
import { ConfigError } from '../config/config-error.js';
import { alphasOf, layersOf, type MixFlags, mixWay, numbersOf, underMixFlag } from './mix-flags.js';

const flags = (more: Partial<MixFlags>): MixFlags => ({ models: ['a', 'b'], output: 'out', ...more });

test('the weights come from one of three ways', () => {
  expect(mixWay(flags({ weights: ['1', '0'], normalize: true, layers: ['a=1,0'] }))).toBe('weights');
  expect(mixWay(flags({ examples: ['x'], temperature: 1 }))).toBe('examples');
  expect(mixWay({ models: ['a', 'b'], sweep: true, domain: ['d'], guard: ['g'] })).toBe('sweep');
});

test.each<[Partial<MixFlags>, string]>([
  [{}, 'rag mix: expected one of --weights, --examples and --sweep, got none'],
  [{ weights: ['1'], sweep: true }, 'got --weights and --sweep'],
  [
    { weights: ['1'], temperature: 3 },
    '--temperature: expected none with --weights, got one — it belongs to --examples',
  ],
  [{ examples: ['x'], plot: 'p.svg' }, '--plot: expected none with --examples'],
  [{ sweep: true, layers: ['a=1,0'] }, '--layers: expected none with --sweep'],
])('%j is refused', (more, message) => {
  expect(() => mixWay(flags(more))).toThrow(message);
});

test('a mix goes somewhere', () => {
  expect(() => mixWay({ models: ['a', 'b'], weights: ['1', '0'] })).toThrow('--output: expected a directory');
});

test('numbers stand apart or between commas', () => {
  expect(numbersOf('--weights', ['0.5,0.25', '.25'])).toEqual([0.5, 0.25, 0.25]);
  for (const odd of ['', 'half', '1,', 'Infinity'])
    expect(() => numbersOf('--weights', [odd])).toThrow('--weights: expected numbers, got');
});

test('layers are a pattern and weights', () => {
  expect(layersOf(['encoder\\.layer\\.[01]\\.=0.8,0.2', 'a=b=1,0'])).toEqual([
    { match: /encoder\.layer\.[01]\./u, weights: [0.8, 0.2] },
    { match: /a=b/u, weights: [1, 0] },
  ]);
  expect(() => layersOf(['0.8,0.2'])).toThrow('--layers: expected pattern=weight,weight, got "0.8,0.2"');
  expect(() => layersOf(['(=1,0'])).toThrow('--layers: expected a regular expression before "=", got "("');
  expect(() => layersOf(['a=x'])).toThrow('--layers: expected numbers, got "x"');
});

test('a sweep starts at the base and rises', () => {
  expect(alphasOf(['1', '0', '0.5,0.5'])).toEqual([0, 0.5, 1]);
  for (const odd of [['0.5', '1'], ['0'], ['-1', '0']])
    expect(() => alphasOf(odd)).toThrow('--alphas: expected 0, the base, and numbers above it');
});

test.each([
  [
    { weights: [0.5, 0.6] },
    '--weights: expected the sum 1 within 0.000001, got 1.1 — correct a weight, or pass --normalize',
  ],
  [{ weights: [1] }, '--weights: expected 2 numbers, one per model, got 1'],
  [{ weights: [1, 0], layers: [{ match: /a: b/u, weights: [1] }] }, '--layers: /a: b/u: expected 2 numbers'],
  [
    { weights: [1, 0], layers: [{ match: /z/u, weights: [1, 0] }] },
    '--layers: expected a pattern that matches',
  ],
])('%j is refused under its flag', (weights, message) => {
  const refused = () => {
    try {
      weightsOfTensors(weights, 2, ['a: b']);
    } catch (cause) {
      throw underMixFlag(cause);
    }
  };
  expect(refused).toThrow(ConfigError);
  expect(refused).toThrow(message);
});

test('other errors stay as they are', () => {
  for (const other of [new RangeError('shape: odd'), new Error('weights: gone')])
    expect(underMixFlag(other)).toBe(other);
});
