import { pick, type Random } from './random.js';

/** Lengths, counts and offsets that readers get wrong. */
const NUMBERS = [
  0n,
  1n,
  2n ** 7n,
  2n ** 15n,
  2n ** 16n - 1n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 40n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];

type Mutation = (bytes: Uint8Array, random: Random) => Uint8Array;

const join = (...parts: readonly Uint8Array[]): Uint8Array => {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
};

/** A stretch of the bytes, mostly short. */
function stretch(bytes: Uint8Array, random: Random): [begin: number, end: number] {
  const begin = random(bytes.length + 1);
  return [begin, Math.min(bytes.length, begin + 1 + random(pick(random, [4, 64, bytes.length + 1])))];
}

const mutations: readonly Mutation[] = [
  function flipBits(bytes, random) {
    const out = bytes.slice();
    for (let i = random(8); i >= 0; i--) {
      const at = random(out.length);
      out[at] = out[at]! ^ (1 << random(8));
    }
    return out;
  },
  function setByte(bytes, random) {
    const out = bytes.slice();
    out[random(out.length)] = random(256);
    return out;
  },
  function setNumber(bytes, random) {
    const out = bytes.slice();
    const width = pick(random, [2, 4, 8]);
    const value = pick(random, [...NUMBERS, BigInt(out.length), BigInt(random(2 * out.length + 1))]);
    const at = random(out.length);
    const bigEndian = random(8) === 0;
    for (let i = 0; i < width && at + i < out.length; i++) {
      out[at + i] = Number((value >> BigInt(8 * (bigEndian ? width - 1 - i : i))) & 0xffn);
    }
    return out;
  },
  function addToByte(bytes, random) {
    const out = bytes.slice();
    const at = random(out.length);
    out[at] = out[at]! + pick(random, [1, -1]);
    return out;
  },
  function truncate(bytes, random) {
    return bytes.slice(0, random(bytes.length));
  },
  function cutOut(bytes, random) {
    const [begin, end] = stretch(bytes, random);
    return join(bytes.subarray(0, begin), bytes.subarray(end));
  },
  function repeat(bytes, random) {
    const [begin, end] = stretch(bytes, random);
    return join(bytes.subarray(0, end), bytes.subarray(begin));
  },
  function swap(bytes, random) {
    const [begin, middle] = stretch(bytes, random);
    const end = Math.min(bytes.length, middle + (middle - begin));
    return join(
      bytes.subarray(0, begin),
      bytes.subarray(middle, end),
      bytes.subarray(begin, middle),
      bytes.subarray(end),
    );
  },
  function copyOver(bytes, random) {
    const out = bytes.slice();
    const [begin, end] = stretch(bytes, random);
    const at = random(out.length);
    out.set(bytes.subarray(begin, Math.min(end, begin + out.length - at)), at);
    return out;
  },
  function fill(bytes, random) {
    const [begin, end] = stretch(bytes, random);
    return bytes.slice().fill(pick(random, [0, 0xff, 0x7f, 0x80]), begin, end);
  },
  function insert(bytes, random) {
    const at = random(bytes.length + 1);
    const added = Uint8Array.from({ length: 1 + random(16) }, () => random(256));
    return join(bytes.subarray(0, at), added, bytes.subarray(at));
  },
];

/** The bytes with one to three faults: bits, numbers, and stretches that are cut, repeated, swapped, overwritten or added. */
export function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array {
  let out = bytes;
  for (let i = random(3); i >= 0 && out.length > 0; i--) out = pick(random, mutations)(out, random);
  return out;
}
