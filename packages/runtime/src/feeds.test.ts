import { expect, test } from 'vitest';
import { checkFeeds, checkFits, checkMemory, resolveFetches } from './feeds.js';
import { Tensor, zeros } from './tensor.js';

const infos = [
  { name: 'ids', dtype: 'int64', shape: ['batch', 4] },
  { name: 'scale', dtype: 'float32', shape: [] },
] as const;

test('takes any size where the model has a symbol, and leaves open ranks to ONNX Runtime', () => {
  for (const batch of [0, 1, 7]) {
    checkFeeds('run', infos, { ids: zeros('int64', [batch, 4]), scale: zeros('float32', []) });
  }
  checkFits('run', infos[1], zeros('float32', [3, 3]));
});

test('names what is missing, unknown or unfitting', () => {
  const ids = zeros('int64', [1, 4]);
  expect(() => checkFeeds('run', infos, { ids })).toThrow(
    'run: expected the inputs ids, scale, got none named "scale"',
  );
  expect(() => checkFeeds('run', infos, { ids: zeros('int64', [1, 5]), scale: ids })).toThrow(
    'run: input "ids": expected shape [batch, 4], got [1, 5]',
  );
  expect(() => checkFeeds('run', infos, { ids, scale: ids })).toThrow(
    'input "scale": expected float32, got int64',
  );
  const unnamed = { name: 'x', dtype: 'float32', shape: ['', 2] } as const;
  expect(() => checkFits('run', unnamed, zeros('float32', [2]))).toThrow('expected shape [?, 2], got [2]');
});

test('resolves fetches to names or tensors', () => {
  const scale = zeros('float32', []);
  expect(resolveFetches('run', infos, undefined)).toEqual({ ids: null, scale: null });
  expect(resolveFetches('run', infos, ['scale'])).toEqual({ scale: null });
  expect(resolveFetches('run', infos, { scale }).scale).toBe(scale);
  expect(() => resolveFetches('run', infos, {})).toThrow(
    'expected at least one output to fetch (ids, scale), got none',
  );
  expect(() => resolveFetches('run', infos, ['loss'])).toThrow('outputs (ids, scale), got "loss"');
});

test('allows shared memory for one pattern only', () => {
  const memory = new Float32Array(4);
  const whole = new Tensor('float32', [4], memory);
  const half = new Tensor('float32', [2], memory.subarray(0, 2));
  checkMemory('bind', { a: whole }, { sum: whole, other: null }, { sum: 'a' });
  expect(() => checkMemory('bind', { a: whole }, { sum: whole })).toThrow('got that of input "a"');
  expect(() => checkMemory('bind', { a: whole }, { sum: half }, { sum: 'a' })).toThrow(
    'got that of input "a"',
  );
  expect(() => checkMemory('bind', {}, { sum: whole, other: half })).toThrow('got that of output "other"');
  const ids = zeros('int64', [2]);
  expect(() => checkMemory('bind', { a: ids }, { sum: ids }, { sum: 'a' })).toThrow('in float32');
});
