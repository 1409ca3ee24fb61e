import { afterEach, expect, expectTypeOf, it, vi } from 'vitest';
import { calibrationRanges } from './calibration-ranges.js';
import { type BinaryEmbeddings, type ByteEmbeddings, quantizeEmbeddings } from './quantize-embeddings.js';
import { bytesOf, quantizedGolden } from './testing/quantized-golden.js';

const { corpus, quantized, ranges } = quantizedGolden;
afterEach(() => vi.restoreAllMocks());

it.each(quantized)(
  '$precision of $dim dimensions, ranges of $calibration vectors: the bytes of sentence-transformers',
  ({ precision, dim, calibration, data }) => {
    const vectors = corpus.map((vector) => vector.slice(0, dim));
    const given = calibration === 0 ? {} : { ranges: calibrationRanges(vectors.slice(0, calibration)) };
    const made = quantizeEmbeddings(vectors, { precision, ...given });
    expect(made.data).toBeInstanceOf(precision.startsWith('u') ? Uint8Array : Int8Array);
    expect(Buffer.from(made.data.buffer).equals(bytesOf(data))).toBe(true);
    expect(made).toMatchObject({ precision, rows: 120, dim });
    expect(made.data).toHaveLength(120 * (precision.endsWith('int8') ? dim : Math.ceil(dim / 8)));
  },
);

it('the fixture reaches past its calibration ranges, and that is counted', () => {
  const made = quantizeEmbeddings(corpus, { precision: 'uint8', ranges });
  const outside = corpus.flatMap((vector) =>
    [...vector].filter((x, i) => x < ranges.min[i]! || x > ranges.max[i]!),
  );
  expect(outside.length).toBeGreaterThan(5);
  expect(made.clipped).toBe(outside.length);
  expect(quantizeEmbeddings(corpus, { precision: 'uint8' }).clipped).toBe(0);
  expect([...ranges.min]).toEqual([...calibrationRanges(corpus.slice(0, 100)).min]);
  expect([...ranges.max]).toEqual([...calibrationRanges(corpus.slice(0, 100)).max]);
});

it('int8 is uint8 less 128, binary is ubinary less 128', () => {
  for (const [signed, unsigned] of [
    ['int8', 'uint8'],
    ['binary', 'ubinary'],
  ] as const) {
    const { data } = quantizeEmbeddings(corpus, { precision: unsigned });
    expect([...quantizeEmbeddings(corpus, { precision: signed }).data]).toEqual(
      Array.from(data, (x) => x - 128),
    );
  }
});

it('bits: the first number is the highest bit, zeros are 0, filler is 0', () => {
  const vector = Float32Array.of(1, -1, 0, -0, 1e-45, 2, -3, 4, 5, -6, 7);
  expect([...quantizeEmbeddings([vector], { precision: 'ubinary' }).data]).toEqual([0b10001101, 0b10100000]);
});

it('ranges of few vectors are said on the console, given ones are not', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  quantizeEmbeddings(corpus.slice(0, 99), { precision: 'int8', ranges });
  quantizeEmbeddings(corpus, { precision: 'int8' });
  quantizeEmbeddings(corpus.slice(0, 1), { precision: 'binary' });
  expect(warn).not.toHaveBeenCalled();
  quantizeEmbeddings(corpus.slice(0, 99), { precision: 'int8' });
  expect(warn).toHaveBeenCalledExactlyOnceWith(
    expect.stringMatching(/ranges expected from 100 vectors or more, got 99/),
  );
});

it('says what it cannot quantise', () => {
  const float32 = 'float32' as 'int8';
  expect(() => quantizeEmbeddings(corpus, { precision: float32 })).toThrow(
    /precision expected one of int8, uint8, binary, ubinary, got "float32"/,
  );
  expect(() => quantizeEmbeddings(corpus, { precision: 'binary', ranges })).toThrow(
    /no ranges with "binary"/,
  );
  expect(() => quantizeEmbeddings([], { precision: 'int8' })).toThrow(/got no vectors/);
  expect(() => quantizeEmbeddings([new Float32Array(4)], { precision: 'int8', ranges })).toThrow(
    /ranges\.min expected a Float32Array of 4 numbers, got Float32Array of 32/,
  );
  expect(() => quantizeEmbeddings([Float32Array.of(Infinity)], { precision: 'binary' })).toThrow(
    /vectors\[0\]\[0\] expected a finite number, got Infinity/,
  );
});

it('the precision says what comes back', () => {
  expectTypeOf(quantizeEmbeddings<'int8'>).returns.toEqualTypeOf<ByteEmbeddings>();
  expectTypeOf(quantizeEmbeddings<'ubinary'>).returns.toEqualTypeOf<BinaryEmbeddings>();
});
