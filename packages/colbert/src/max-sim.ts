import { encodeModel, matmul, trace, transpose } from '@rag/onnx';
import { createSession, type SessionOptions, Tensor } from '@rag/runtime';
import { checkVectors, type TokenVectors } from './token-vectors.js';

export interface MaxSimOptions {
  /** Divides each sum by the number of the query's vectors. */
  readonly divideByQueryLength?: boolean;
  /** Stops between blocks; the promise is rejected with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** The late interaction of ColBERT, opened for vectors of one width. */
export interface MaxSim {
  /**
   * Scores [queries, passages], row-major: Σ over the query's vectors of the largest dot product with one of the passage's
   * (https://arxiv.org/abs/2004.12832, equation 3).
   * @throws RangeError for vectors that are not [tokens, dim] or that are none; SessionError after `dispose`
   */
  scores(
    queries: readonly TokenVectors[],
    passages: readonly TokenVectors[],
    options?: MaxSimOptions,
  ): Promise<Float64Array>;
  dispose(): void;
}

/** Dot products computed at a time, 1 MiB of float32: they are read back out of the cache that they were written to. */
const BLOCK_CELLS = 1 << 18;
/** Most passage tokens of a block. */
const BLOCK_TOKENS = 8192;
/** Query vectors multiplied at a time, unless one query alone has more. */
const QUERY_TOKENS = 512;

/**
 * Opens the product of query vectors and a block of passage tokens, whatever passages they belong to: there is no padding, and
 * memory beside the vectors and the scores is two blocks of at most 1 MiB of products and, where the passages do not lie in one array,
 * 8192 vectors, however many passages there are. Each block's products are reduced to a running maximum per query token while the next
 * block is multiplied, where the driver leaves the event loop free (`ffi`).
 */
export async function openMaxSim(dim: number, options: SessionOptions): Promise<MaxSim> {
  const graph = trace(
    {
      queries: { dtype: 'float32', shape: ['query_tokens', dim] },
      passages: { dtype: 'float32', shape: ['passage_tokens', dim] },
    },
    ({ queries, passages }) => ({ products: matmul(queries, transpose(passages)) }),
  );
  const session = await createSession(encodeModel(graph), options);
  return {
    async scores(queries, passages, { divideByQueryLength = false, signal } = {}) {
      checkVectors('queries', queries, dim);
      checkVectors('passages', passages, dim);
      const scores = new Float64Array(queries.length * passages.length);
      if (scores.length === 0) return scores;
      for (const [from, to] of queryGroups(queries)) {
        const group = queries.slice(from, to);
        const rows = stack(group, dim);
        const count = rows.length / dim;
        const left = new Tensor('float32', [count, dim], rows);
        const tokens = Math.max(1, Math.min(BLOCK_TOKENS, Math.floor(BLOCK_CELLS / count)));
        const size = count * Math.min(tokens, totalTokens(passages));
        const buffers = [new Float32Array(size), new Float32Array(size)] as const;
        const best = new Float32Array(count).fill(Number.NEGATIVE_INFINITY);
        const reduce = ({ segments, tokens: width }: Block, products: Float32Array) => {
          for (const { passage, start, end, last } of segments) {
            raise(best, products, width, start, end);
            if (!last) continue;
            let row = 0;
            for (const [i, query] of group.entries()) {
              let sum = 0;
              for (const next = row + query.tokens; row < next; row++) sum += best[row]!;
              scores[(from + i) * passages.length + passage] = divideByQueryLength ? sum / query.tokens : sum;
            }
            best.fill(Number.NEGATIVE_INFINITY);
          }
        };
        let previous: Block | undefined;
        let turn = 0;
        for (const block of blocks(passages, dim, tokens)) {
          signal?.throwIfAborted();
          const products = buffers[turn % 2]!.subarray(0, count * block.tokens);
          const run = session.run(
            { queries: left, passages: new Tensor('float32', [block.tokens, dim], block.data) },
            { products: new Tensor('float32', [count, block.tokens], products) },
          );
          if (previous) reduce(previous, buffers[(turn + 1) % 2]!);
          await run;
          previous = block;
          turn++;
        }
        reduce(previous!, buffers[(turn + 1) % 2]!);
      }
      return scores;
    },
    dispose: () => session.dispose(),
  };
}

/** best[q] becomes at least products[q, start…end); four maxima at a time hide the latency of one. NaN stays. */
function raise(best: Float32Array, products: Float32Array, width: number, start: number, end: number): void {
  for (let q = 0; q < best.length; q++) {
    let a = best[q]!;
    let [b, c, d] = [a, a, a];
    let i = q * width + start;
    const stop = q * width + end;
    for (; i + 3 < stop; i += 4) {
      a = Math.max(a, products[i]!);
      b = Math.max(b, products[i + 1]!);
      c = Math.max(c, products[i + 2]!);
      d = Math.max(d, products[i + 3]!);
    }
    for (; i < stop; i++) a = Math.max(a, products[i]!);
    best[q] = Math.max(a, b, c, d);
  }
}

/** Ranges of queries whose vectors are multiplied together. */
function* queryGroups(queries: readonly TokenVectors[]): Generator<[from: number, to: number]> {
  let from = 0;
  let tokens = 0;
  for (const [i, query] of queries.entries()) {
    if (i > from && tokens + query.tokens > QUERY_TOKENS) {
      yield [from, i];
      from = i;
      tokens = 0;
    }
    tokens += query.tokens;
  }
  yield [from, queries.length];
}

/** A run of passage tokens, and which passages its columns belong to. */
interface Block {
  readonly tokens: number;
  /** [tokens, dim] */
  readonly data: Float32Array;
  readonly segments: readonly Segment[];
}

/** Columns start…end of a block; `last` when the passage ends there. */
interface Segment {
  readonly passage: number;
  readonly start: number;
  readonly end: number;
  readonly last: boolean;
}

/** The tokens of all passages in order, `most` at a time; vectors that lie one after the other in memory are not copied. */
function* blocks(passages: readonly TokenVectors[], dim: number, most: number): Generator<Block> {
  const inPlace = contiguous(passages);
  const total = totalTokens(passages);
  const buffer = inPlace ?? new Float32Array(Math.min(most, total) * dim);
  let passage = 0;
  let offset = 0;
  for (let done = 0; done < total; ) {
    const tokens = Math.min(most, total - done);
    const segments: Segment[] = [];
    for (let start = 0; start < tokens; ) {
      const { data, tokens: length } = passages[passage]!;
      const taken = Math.min(length - offset, tokens - start);
      if (!inPlace) buffer.set(data.subarray(offset * dim, (offset + taken) * dim), start * dim);
      offset += taken;
      const last = offset === length;
      segments.push({ passage, start, end: start + taken, last });
      start += taken;
      if (!last) continue;
      passage++;
      offset = 0;
    }
    const from = inPlace ? done * dim : 0;
    yield { tokens, data: buffer.subarray(from, from + tokens * dim), segments };
    done += tokens;
  }
}

/** The one array that all vectors lie in, in order and without gaps. */
function contiguous(list: readonly TokenVectors[]): Float32Array | undefined {
  const { buffer, byteOffset } = list[0]!.data;
  let end = byteOffset;
  for (const { data } of list) {
    if (data.buffer !== buffer || data.byteOffset !== end) return undefined;
    end += data.byteLength;
  }
  return new Float32Array(buffer, byteOffset, (end - byteOffset) / 4);
}

function stack(list: readonly TokenVectors[], dim: number): Float32Array {
  const rows = new Float32Array(totalTokens(list) * dim);
  let at = 0;
  for (const { data } of list) {
    rows.set(data, at);
    at += data.length;
  }
  return rows;
}

const totalTokens = (list: readonly TokenVectors[]): number =>
  list.reduce((sum, { tokens }) => sum + tokens, 0);
