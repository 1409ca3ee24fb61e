import {
  exp,
  gather,
  gelu,
  input,
  linear,
  log,
  matmul,
  mul,
  parameter,
  reduceSum,
  sub,
  transpose,
  type Value,
} from '@rag/onnx';
import { describe, expect, it } from 'vitest';
import { Tensor } from '../tensor.js';
import {
  expectAsAlone,
  initialOf,
  type Learned,
  learnAlone,
  learnOnRanks,
  likeSgd,
  rowsOfBatch,
} from '../testing/ranked-training.js';
import type { Batch, ChunkedBatch } from './batch.js';
import { compile } from './compile.js';
import type { Objective } from './objective.js';
import type { Sharding } from './sharding.js';

/** Σ over queries of log Σ exp(q·a·c) − q·a·t over the candidates of the batch, cut at the vectors, with or without a cut before them. */
const contrast = (isSplit: boolean): Objective => ({
  build(mode) {
    const x = input('x', 'float32', ['rows', 3]);
    const noise = input('noise', 'float32', ['rows', 4]);
    const query_index = input('query_index', 'int64', ['queries']);
    const candidate_index = input('candidate_index', 'int64', ['candidates']);
    const own = input('own', 'float32', ['queries', 'candidates']);
    const hidden = gelu(linear(x, parameter('first.weight', [4, 3]), parameter('first.bias', [4])));
    const made = linear(hidden, parameter('second.weight', [4, 4]));
    const vectors = mode === 'train' ? mul(made, noise) : mul(made, 1);
    const queries = mul(gather(vectors, query_index), parameter('scale', [4]));
    const scores = matmul(queries, transpose(gather(vectors, candidate_index)));
    const partition = log(reduceSum(exp(scores), [1]));
    return {
      inputs: [x, ...(mode === 'train' ? [noise] : []), query_index, candidate_index, own],
      sum: sub(reduceSum(partition), reduceSum(mul(own, scores))),
      weight: reduceSum(own),
      cuts: [...(isSplit ? [{ hidden } as Record<string, Value>] : []), { vectors }],
      chunkCut: 'vectors',
    };
  },
});

const plan = (isSplit: boolean) => compile(contrast(isSplit), { initial: initialOf, optimizer: likeSgd });

const wave = (rows: number, width: number, phase: number) =>
  new Tensor(
    'float32',
    [rows, width],
    Float32Array.from({ length: rows * width }, (_, i) => Math.sin(1.7 * i + phase)),
  );
const int64 = (values: readonly number[]) =>
  new Tensor('int64', [values.length], BigInt64Array.from(values, BigInt));

/** Examples `from` … `to` of `count`, a query and its passage each, as rows and as what the loss reads of the rows of all. */
const rowsOf = (count: number, phase: number, from: number, to: number): Batch =>
  rowsOfBatch({ x: wave(2 * count, 3, phase), noise: wave(2 * count, 4, phase + 1) }, 2 * from, 2 * to);
const headOf = (count: number, from: number, to: number): Batch => ({
  query_index: int64(Array.from({ length: to - from }, (_, i) => 2 * (from + i))),
  candidate_index: int64(Array.from({ length: count }, (_, i) => 2 * i + 1)),
  own: new Tensor(
    'float32',
    [to - from, count],
    Float32Array.from({ length: (to - from) * count }, (_, i) =>
      i % count === from + Math.floor(i / count) ? 1 : 0,
    ),
  ),
});

/** What a rank is fed of `count` examples: chunks of two rows, and queries of its own or of all. */
function partOf(
  count: number,
  phase: number,
  rank: number,
  size: number,
  gathered: 'own head' | 'same head',
): ChunkedBatch {
  const [from, to] = [Math.floor((count * rank) / size), Math.floor((count * (rank + 1)) / size)];
  const chunks = Array.from({ length: to - from }, (_, i) => rowsOf(count, phase, from + i, from + i + 1));
  if (gathered === 'same head') return { chunks, head: headOf(count, 0, count), gathered };
  return { chunks, head: from < to ? headOf(count, from, to) : {}, gathered };
}

/** Examples of each batch of each update. */
const updates = [[4, 5], [3]];
const alone = (isSplit: boolean): Promise<Learned> =>
  learnAlone(
    plan(isSplit),
    updates.map((batches, u) =>
      batches.map((count, b) => ({ ...rowsOf(count, 3 * u + b, 0, count), ...headOf(count, 0, count) })),
    ),
  );

describe('vectors of all ranks', () => {
  const cases = (['own head', 'same head'] as const).flatMap((gathered) =>
    (['none', 'optimizer', 'gradients', 'parameters'] as Sharding[]).flatMap((sharding) =>
      [2, 3, 4].map((size) => ({ gathered, sharding, size })),
    ),
  );
  const isDefault = ({ gathered, sharding, size }: (typeof cases)[number]) =>
    size === 4 && (sharding === 'none' || (sharding === 'parameters' && gathered === 'own head'));
  it.each(cases.filter((one) => process.env.RAG_LONG !== undefined || isDefault(one)))(
    'give the loss and the gradients of one batch: $size ranks, $gathered, sharing $sharding',
    async ({ gathered, sharding, size }) => {
      const ranks = await learnOnRanks(plan(true), size, sharding, (rank) =>
        updates.map((batches, u) =>
          batches.map((count, b) => partOf(count, 3 * u + b, rank, size, gathered)),
        ),
      );
      expectAsAlone(ranks, await alone(true));
    },
  );

  it('are more candidates than a rank has alone', async () => {
    const [one] = await learnOnRanks(plan(false), 2, 'none', (rank) =>
      updates.map((batches, u) => batches.map((count, b) => partOf(count, 3 * u + b, rank, 2, 'own head'))),
    );
    const lonely = await learnAlone(
      plan(false),
      updates.map((batches, u) =>
        batches.map((count, b) => ({ ...rowsOf(count, 3 * u + b, 0, 2), ...headOf(2, 0, 2) })),
      ),
    );
    expect(one!.losses[0]! - lonely.losses[0]!).toBeGreaterThan(0.1);
  });
});

describe('chunks of ranks, each with a loss over its own vectors', () => {
  const shardings: readonly Sharding[] =
    process.env.RAG_LONG === undefined ? ['parameters'] : ['none', 'optimizer', 'gradients', 'parameters'];
  it.each(shardings)('add up as the batches of one process, sharing %s', async (sharding) => {
    const size = 3;
    const counts = [[4, 5], [2]];
    /** Of the examples of a rank, as a batch of their own. */
    const own = (count: number, phase: number, rank: number): ChunkedBatch | undefined => {
      const { chunks } = partOf(count, phase, rank, size, 'own head');
      const examples = [...chunks].length;
      return examples > 0 ? { chunks, head: headOf(examples, 0, examples) } : undefined;
    };
    const ranks = await learnOnRanks(plan(true), size, sharding, (rank) =>
      counts.map((batches, u) => batches.map((count, b) => own(count, 3 * u + b, rank))),
    );
    const one = await learnAlone(
      plan(true),
      counts.map((batches, u) =>
        batches.flatMap((count, b) =>
          [0, 1, 2].map((rank) => own(count, 3 * u + b, rank)).filter((part) => part !== undefined),
        ),
      ),
    );
    expectAsAlone(ranks, one);
  });
});
