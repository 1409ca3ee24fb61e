import { expect, test } from 'vitest';
import { adamwModule, chunkSize } from './adamw-module.js';

test('is a valid module with memory for four chunks', () => {
  expect(WebAssembly.validate(adamwModule)).toBe(true);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(adamwModule));
  expect((exports.memory as WebAssembly.Memory).buffer.byteLength).toBe(4 * chunkSize * 4);
});

test('updates the bytes that it is told and rounds each operation to float32', () => {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(adamwModule));
  const memory = new Float32Array((exports.memory as WebAssembly.Memory).buffer);
  const adamw = exports.adamw as (bytes: number, ...coefficients: number[]) => void;
  const [w, g, m, v] = [0, 1, 2, 3].map((array) =>
    memory.subarray(array * chunkSize, (array + 1) * chunkSize),
  ) as [Float32Array, Float32Array, Float32Array, Float32Array];
  const values = [0.1, -2.7, 3.3e-3, 41.7, 5];
  w.set(values);
  g.set(values.map((value) => Math.fround(1 / value)));
  m.set(values.map((value) => value / 3));
  v.set(values.map((value) => value * value));
  const before = { w: [...w.subarray(0, 5)], g: [...g], m: [...m.subarray(0, 5)], v: [...v.subarray(0, 5)] };
  const coefficients = [0.7, 0.999, 0.998, 0.1, 0.95, 0.05, 1.25, 1e-6, 3e-3];
  adamw(16, ...coefficients);
  const f = Math.fround;
  const [scale, keep, after, weight1, beta2, weight2, root, epsilon, step] = coefficients.map(f) as number[];
  for (let i = 0; i < 4; i++) {
    const gradient = f(before.g[i]! * scale!);
    const first = f(before.m[i]! + f(weight1! * f(gradient - before.m[i]!)));
    const second = f(f(before.v[i]! * beta2!) + f(f(weight2! * gradient) * gradient));
    const denominator = f(f(f(Math.sqrt(second)) * root!) + epsilon!);
    const updated = f(f(f(before.w[i]! * keep!) - f(f(step! * first) / denominator)) * after!);
    expect([w[i], m[i], v[i]]).toEqual([updated, first, second]);
  }
  expect([w[4], m[4], v[4]]).toEqual([before.w[4], before.m[4], before.v[4]]);
  expect([...g]).toEqual(before.g);
});

test('holds at the end of the chunk', () => {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(adamwModule));
  const memory = new Float32Array((exports.memory as WebAssembly.Memory).buffer);
  memory.fill(1);
  (exports.adamw as (bytes: number, ...c: number[]) => void)(chunkSize * 4, 1, 1, 1, 0, 1, 0, 1, 1, 1);
  // w − 1 · 1 / (√1 + 1) everywhere, and nothing beyond.
  expect(new Set(memory.subarray(0, chunkSize))).toEqual(new Set([0.5]));
  expect(new Set(memory.subarray(chunkSize))).toEqual(new Set([1]));
});
