import { encoderInputs } from '@rag/models';
import { gradients, graphOf, input, mul, nameOf, reduceSum } from '@rag/onnx';
import { floats, numbersOf, runGraph } from '@rag/onnx/testing';
import { tensorsOf } from '@rag/runtime';
import { exactLadder, packedTensors, packSequences, sizeLadder } from '@rag/text';
import { describe, expect, it } from 'vitest';
import { POOLING_MODES, type PoolingMode } from './embedding-head.js';
import { poolingMask } from './encode-stream.js';
import { pool } from './pooling.js';

const WIDTH = 4;
const short = [5, 1, 3];
const long = [5, 2, 3];
const inputs = encoderInputs();
const hidden = input('hidden', 'float32', ['tokens', WIDTH]);
const mask = input('pooling_mask', 'float32', ['batch', 'seq']);

/** Elements of a token, wherever it is packed. */
const element = (sequence: number, t: number, f: number) =>
  floats([3 * 8 * WIDTH], 5).data[(sequence * 8 + t) * WIDTH + f]! as number;

type Layout = {
  lengths?: readonly number[];
  mode?: 'packed' | 'padded';
  unpooled?: number;
  ladder?: typeof exactLadder;
};

async function run(
  modes: readonly PoolingMode[],
  { lengths = short, mode = 'packed', unpooled = 0, ladder = exactLadder }: Layout = {},
) {
  const weight = input('weight', 'float32', ['batch', modes.length * WIDTH]);
  const vectors = pool(hidden, modes, inputs, unpooled > 0 ? mask : inputs.attention_mask);
  const [dHidden] = gradients(reduceSum(mul(vectors, weight)), [hidden]);
  const declared = [...Object.values(inputs), hidden, weight, ...(unpooled > 0 ? [mask] : [])];
  const graph = graphOf(declared, { vectors, d_hidden: dHidden! });
  const sequences = lengths.map((length) => ({
    input_ids: new Array<number>(length).fill(1),
    token_type_ids: new Array<number>(length).fill(0),
  }));
  const packed = packSequences(sequences, { padId: 0, mode, ladder });
  const { tokens, seq, batch } = packed;
  // Rows that are no token hold what would win every maximum.
  const rows = new Float32Array(tokens * WIDTH).fill(1e6);
  lengths.forEach((length, sequence) => {
    for (let t = 0; t < length; t++)
      for (let f = 0; f < WIDTH; f++)
        rows[Number(packed.block_index[sequence * seq + t]!) * WIDTH + f] = element(sequence, t, f);
  });
  const width = modes.length * WIDTH;
  const known = new Set(declared.map(nameOf));
  const feeds = {
    ...packedTensors(packed),
    hidden: { dtype: 'float32', shape: [tokens, WIDTH], data: rows },
    weight: {
      dtype: 'float32',
      shape: [batch, width],
      data: Float32Array.from(floats([batch * width], 6).data as Float64Array),
    },
    pooling_mask: { dtype: 'float32', shape: [batch, seq], data: poolingMask(packed, unpooled) },
  } as const;
  const found = await runGraph(
    graph,
    Object.fromEntries(Object.entries(tensorsOf(feeds)).filter(([name]) => known.has(name))) as never,
  );
  const gradient = numbersOf(found.d_hidden!);
  const rowOf = (row: number) => Array.from(gradient.slice(row * WIDTH, (row + 1) * WIDTH));
  const tokenRows = lengths.flatMap((length, sequence) =>
    Array.from({ length }, (_, t) => Number(packed.block_index[sequence * seq + t]!)),
  );
  return {
    vectors: Array.from(numbersOf(found.vectors!)),
    /** Of real tokens. */
    gradient: tokenRows.flatMap(rowOf),
    /** Of filler and padding rows. */
    rest: Array.from({ length: tokens }, (_, row) => row)
      .filter((row) => !tokenRows.includes(row))
      .flatMap(rowOf),
  };
}

/** The definition, from the documentation of sentence-transformers' Pooling. */
function expected(mode: PoolingMode, unpooled = 0, lengths: readonly number[] = short): number[] {
  return lengths.flatMap((length, sequence) =>
    Array.from({ length: WIDTH }, (_, f) => {
      const places = Array.from({ length: length - unpooled }, (_, t) => t + unpooled);
      const at = (t: number) => element(sequence, t, f);
      const sum = (weightOf: (t: number) => number) =>
        places.reduce((total, t) => total + weightOf(t) * at(t), 0);
      const definitions: Readonly<Record<PoolingMode, () => number>> = {
        cls: () => at(unpooled),
        lasttoken: () => at(length - 1),
        max: () => Math.max(...places.map(at)),
        mean: () => sum(() => 1) / places.length,
        mean_sqrt_len_tokens: () => sum(() => 1) / Math.sqrt(places.length),
        weightedmean: () => sum((t) => t + 1) / places.reduce((total, t) => total + t + 1, 0),
      };
      return definitions[mode]();
    }),
  );
}
const worst = (a: readonly number[], b: readonly number[]) => {
  expect(a).toHaveLength(b.length);
  return Math.max(...a.map((x, i) => Math.abs(x - b[i]!)));
};

describe.each(POOLING_MODES)('%s', (mode) => {
  it('is its definition over the tokens, in every layout', async () => {
    for (const layout of [{}, { mode: 'padded' }, { ladder: sizeLadder() }] as const)
      expect(worst((await run([mode], layout)).vectors, expected(mode))).toBeLessThan(1e-5);
  });

  it('gives tokens the same gradient in every layout, and rows that are none of it', async () => {
    const { gradient, rest } = await run([mode]);
    for (const layout of [{ mode: 'padded' }, { ladder: sizeLadder() }] as const) {
      const other = await run([mode], layout);
      expect(worst(other.gradient, gradient)).toBeLessThan(1e-6);
      expect(other.rest.every((x) => x === 0)).toBe(true);
    }
    expect(rest.every((x) => x === 0)).toBe(true);
    expect(Math.max(...gradient.map(Math.abs))).toBeGreaterThan(0.01);
  });
});

it('texts of one length leave no gradient on filler rows', async () => {
  const { gradient, rest } = await run(['mean'], { lengths: [3, 3, 3] });
  expect(rest.length).toBeGreaterThan(0);
  expect(rest.every((x) => x === 0)).toBe(true);
  expect(Math.max(...gradient.map(Math.abs))).toBeGreaterThan(0.01);
});

it('the gradient is that of a linear map where the mode is one', async () => {
  // Σ w·v has the derivative w / 5 at each token of the first sequence, whose length is 5.
  const { gradient } = await run(['mean']);
  const weights = floats([short.length * WIDTH], 6).data;
  for (let t = 0; t < 5; t++)
    for (let f = 0; f < WIDTH; f++)
      expect(gradient[t * WIDTH + f]).toBeCloseTo((weights[f]! as number) / 5, 6);
});

it('several modes stand side by side in the order asked for', async () => {
  const { vectors } = await run(['mean', 'cls', 'mean']);
  const [mean, cls] = [expected('mean'), expected('cls')];
  const rows = short.flatMap((_, b) => [mean, cls, mean].flatMap((x) => x.slice(b * WIDTH, (b + 1) * WIDTH)));
  expect(worst(vectors, rows)).toBeLessThan(1e-5);
});

describe('tokens that are not pooled', () => {
  it.each(POOLING_MODES)('%s', async (mode) => {
    const { vectors, gradient } = await run([mode], { lengths: long, unpooled: 1 });
    expect(worst(vectors, expected(mode, 1, long))).toBeLessThan(1e-5);
    expect(gradient.slice(0, WIDTH)).toEqual([0, 0, 0, 0]);
    expect(worst(vectors, expected(mode, 0, long)) > 1e-3).toBe(mode !== 'lasttoken');
  });
});
