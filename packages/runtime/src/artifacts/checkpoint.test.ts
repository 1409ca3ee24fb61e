import { type DType, dtypes, type TypedArray } from '@rag/onnx';
import { expect, test } from 'vitest';
import { type Checkpoint, elementCount, type NamedTensor, noProperties } from './checkpoint.js';
import { decodeCheckpoint } from './decode-checkpoint.js';
import { encodeCheckpoint } from './encode-checkpoint.js';
import { ArtifactError } from './error.js';

/** mulberry32: uniform 32-bit words from a seed. */
function words(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
}

const loadable: readonly DType[] = [
  'float32',
  'float64',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'bool',
];

const alphabet = ['a', 'Z', '.', '_', '/', '权', '重', '🀄', 'é', ' ', '\u0000', '\ufeff'];

function randomCheckpoint(word: () => number): Checkpoint {
  const below = (n: number) => word() % n;
  const text = (unique: number) =>
    Array.from({ length: below(30) }, () => alphabet[below(alphabet.length)]).join('') + unique;
  const values = (dtype: DType, length: number): TypedArray => {
    const bytes = Uint8Array.from({ length: length * dtypes[dtype].bytes }, () =>
      dtype === 'bool' ? below(2) : below(256),
    );
    return new dtypes[dtype].array(bytes.buffer);
  };
  const tensor = (name: string, dtype: DType): NamedTensor => {
    const shape = Array.from({ length: below(4) }, () => below(5));
    return { name, dtype, shape, data: values(dtype, elementCount(shape)) };
  };
  const trainable = Array.from({ length: below(6) }, (_, i) => tensor(text(i), 'float32'));
  const frozen = Array.from({ length: below(4) }, (_, i) =>
    tensor(text(100 + i), loadable[below(loadable.length)]!),
  );
  const momentum = (t: NamedTensor) => values('float32', t.data.length) as Float32Array;
  const optimizer = {
    step: BigInt(word()) * BigInt(below(2 ** 30)),
    initialLearningRate: Math.fround(word() / 2 ** 32),
    states: below(2)
      ? trainable.map((t) => ({ name: t.name, momentum0: momentum(t), momentum1: momentum(t) }))
      : [],
  };
  const properties = {
    ints: new Map(Array.from({ length: below(3) }, (_, i) => [text(200 + i), BigInt(word()) - 2n ** 31n])),
    floats: new Map(Array.from({ length: below(3) }, (_, i) => [text(300 + i), Math.fround(word() / 7)])),
    strings: new Map(Array.from({ length: below(3) }, (_, i) => [text(400 + i), text(i)])),
  };
  return { trainable, frozen, ...(below(3) ? { optimizer } : {}), properties };
}

/** Compares bit patterns, since random bytes make NaN with payloads. */
const bits = (checkpoint: Checkpoint) => ({
  ...checkpoint,
  trainable: checkpoint.trainable.map(tensorBits),
  frozen: checkpoint.frozen.map(tensorBits),
  optimizer: checkpoint.optimizer && {
    ...checkpoint.optimizer,
    states: checkpoint.optimizer.states.map((s) => [s.name, bytesOf(s.momentum0), bytesOf(s.momentum1)]),
  },
});
const tensorBits = (t: NamedTensor) => ({ ...t, data: [t.data.constructor.name, ...bytesOf(t.data)] });
const bytesOf = (data: TypedArray) => [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)];

/** One trainable W[1] = 1.0, written with npm flatbuffers 1.12 and accepted by onnxruntime-web 1.19.2. */
const oneWeight = `0c000000 4f445443 00000000 f4ffffff 10000000 02000000 08000c00 08000400 08000000 08000000 08000000 00000000
01000000 14000000 00000e00 14001000 00000c00 08000400 0e000000 1c000000 01000000 08000000 18000000 01000000 01000000 00000000
04000000 0000803f 01000000 57000000`;

const oneWeightCheckpoint: Checkpoint = {
  trainable: [{ name: 'W', dtype: 'float32', shape: [1], data: Float32Array.of(1) }],
  frozen: [],
  properties: noProperties(),
};

test('decodes the file of another writer that the genuine runtime accepts', () => {
  const bytes = Uint8Array.from(Buffer.from(oneWeight.replaceAll(/\s/g, ''), 'hex'));
  expect(bytes).toHaveLength(120);
  expect(decodeCheckpoint(bytes)).toEqual(oneWeightCheckpoint);
});

test('the same state encodes to the same tables: identifier, version, both vectors', () => {
  const bytes = encodeCheckpoint(oneWeightCheckpoint);
  expect(String.fromCharCode(...bytes.subarray(4, 8))).toBe('ODTC');
  expect(decodeCheckpoint(bytes)).toEqual(oneWeightCheckpoint);
  expect(bytes.byteLength).toBeLessThanOrEqual(128);
});

test('decoding copies, also from a Node Buffer that shares its memory at an odd offset', () => {
  const bytes = encodeCheckpoint(oneWeightCheckpoint);
  const shared = Buffer.alloc(bytes.byteLength + 3);
  shared.set(bytes, 3);
  const decoded = decodeCheckpoint(shared.subarray(3));
  shared.fill(0);
  expect(decoded).toEqual(oneWeightCheckpoint);
});

test('random checkpoints survive the round trip bit for bit, and encoding is a function of the state', () => {
  for (let seed = 0; seed < (process.env.RAG_LONG ? 5000 : 200); seed++) {
    const checkpoint = randomCheckpoint(words(seed));
    const bytes = encodeCheckpoint(checkpoint);
    const decoded = decodeCheckpoint(bytes);
    expect(bits(decoded), `seed ${seed}`).toEqual(bits(checkpoint));
    expect(Buffer.compare(encodeCheckpoint(decoded), bytes), `seed ${seed}`).toBe(0);
  }
});

test('damaged files decode or raise an ArtifactError, nothing else', { timeout: 900_000 }, () => {
  const cases = process.env.RAG_LONG ? 100_000 : 2000;
  const word = words(1);
  let rejected = 0;
  for (let i = 0; i < cases; i++) {
    const bytes = encodeCheckpoint(randomCheckpoint(words(i % 97))).slice();
    for (let flips = 1 + (word() % 4); flips > 0; flips--) {
      const at = word() % bytes.length;
      bytes[at] = word() % 3 ? bytes[at]! ^ (1 << (word() % 8)) : word() % 256;
    }
    const damaged = word() % 4 ? bytes : bytes.subarray(0, word() % bytes.length);
    try {
      const decoded = decodeCheckpoint(damaged);
      expect(bits(decodeCheckpoint(encodeCheckpoint(decoded))), `case ${i}`).toEqual(bits(decoded));
    } catch (error) {
      expect(error, `case ${i}`).toBeInstanceOf(ArtifactError);
      rejected++;
    }
  }
  expect(rejected).toBeGreaterThan(cases / 4);
  expect(rejected).toBeLessThan(cases);
});
