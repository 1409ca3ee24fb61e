import { expect, test } from 'vitest';
import { type Checkpoint, type NamedTensor, noProperties } from './checkpoint.js';
import { encodeCheckpoint } from './encode-checkpoint.js';
import { ArtifactError } from './error.js';

const w: NamedTensor = { name: 'w', dtype: 'float32', shape: [2], data: new Float32Array(2) };
const b: NamedTensor = { name: 'b', dtype: 'float32', shape: [1], data: new Float32Array(1) };
const state = (name: string, n: number, m = n) => ({
  name,
  momentum0: new Float32Array(n),
  momentum1: new Float32Array(m),
});
const optimizer = (...states: ReturnType<typeof state>[]) => ({ step: 1n, initialLearningRate: 0, states });
const base: Checkpoint = { trainable: [w], frozen: [], properties: noProperties() };

const faults: [string, Partial<Checkpoint>, RegExp][] = [
  ['a name used twice', { frozen: [w] }, /"w" twice/],
  ['an empty name', { trainable: [{ ...w, name: '' }] }, /got "" — give it a name/],
  ['half a surrogate pair', { trainable: [{ ...w, name: '\ud800' }] }, /well-formed/],
  [
    'a trainable float64',
    { trainable: [{ ...w, dtype: 'float64', data: new Float64Array(2) }] },
    /expected float32/,
  ],
  [
    'a frozen float16',
    { frozen: [{ ...b, dtype: 'float16', data: new Uint16Array(1) }] },
    /"b": .*got float16 — widen/,
  ],
  [
    'the wrong array',
    { trainable: [{ ...w, data: new Float64Array(2) }] },
    /Float32Array for float32, got Float64Array/,
  ],
  ['the wrong length', { trainable: [{ ...w, shape: [3] }] }, /\[3\] has, got 2/],
  ['a negative size', { trainable: [{ ...w, shape: [-1, -2] }] }, /\[-1, -2\] has, got 2/],
  ['a fractional size', { trainable: [{ ...w, shape: [0.5, 4] }] }, /\[0.5, 4\] has, got 2/],
  ['a negative step', { optimizer: { ...optimizer(), step: -1n } }, /step from 0/],
  ['a state missing', { trainable: [w, b], optimizer: optimizer(state('w', 2)) }, /got none for "b"/],
  ['a state too many', { optimizer: optimizer(state('w', 2), state('x', 1)) }, /state "x"/],
  ['a state twice', { optimizer: optimizer(state('w', 2), state('w', 2)) }, /"w" twice/],
  ['a short moment', { optimizer: optimizer(state('w', 2, 1)) }, /2 elements in momentum1.*got 1/],
  ['an int over 64 bits', { properties: { ...noProperties(), ints: new Map([['n', 2n ** 63n]]) } }, /int64/],
  [
    'a property of two kinds',
    { properties: { ints: new Map([['n', 1n]]), floats: new Map([['n', 1]]), strings: new Map() } },
    /property: expected each name once, got "n" twice/,
  ],
  [
    'half a character',
    { properties: { ...noProperties(), strings: new Map([['s', '\udc00']]) } },
    /well-formed text/,
  ],
];

test.each(faults)('refuses %s', (_, change, message) => {
  const encode = () => encodeCheckpoint({ ...base, ...change }, 'run/checkpoint');
  expect(encode).toThrow(ArtifactError);
  expect(encode).toThrow(message);
  expect(encode).toThrow(/^run\/checkpoint: /);
});

test('the base of these faults is itself accepted, with and without states', () => {
  expect(encodeCheckpoint(base).byteLength).toBeGreaterThan(100);
  expect(encodeCheckpoint({ ...base, optimizer: optimizer(state('w', 2)) }).byteLength).toBeGreaterThan(200);
});

test('state over 2 GiB is refused before any memory is taken, saying what to do', () => {
  // Nine names for one array of 256 MiB, whose pages nobody touches.
  const data = new Float32Array(2 ** 26);
  const trainable = Array.from({ length: 9 }, (_, i) => ({ ...w, name: `w${i}`, shape: [2 ** 26], data }));
  expect(() => encodeCheckpoint({ ...base, trainable })).toThrow(
    /expected at most 2147483647 bytes.*without optimizer states, train fewer parameters/,
  );
});
