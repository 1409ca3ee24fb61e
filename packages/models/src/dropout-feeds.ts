import { DROPOUT_MODULUS } from './dropout.js';

/** A dropout input of a training graph, by its name and its static or symbolic sizes. */
export interface DropoutInput {
  readonly name: string;
  readonly shape: readonly (number | string)[];
}

/** Which masks dropout draws: those of this update, for the examples' places in the data. */
export interface DropoutDraw {
  readonly seed: number;
  /** Optimizer updates so far. */
  readonly update: number;
  /** The training graph's inputs. */
  readonly inputs: readonly DropoutInput[];
}

/** Where the tokens of a packed batch stand in the data, and in which update: all that a mask depends on. */
export interface DropoutPlace {
  readonly seed: number;
  /** Optimizer updates so far. */
  readonly update: number;
  /** The data's row of each sequence of the batch. */
  readonly rows: readonly number[];
  /** Packed sizes. */
  readonly tokens: number;
  readonly seq: number;
  /** [batch, seq] → row in [tokens], as in the packed batch. */
  readonly block_index: BigInt64Array;
  /** [batch, seq], 1 for real tokens. */
  readonly attention_mask: Float32Array;
}

/** The elements of one dropout input, with their shape. */
export interface DropoutFeed {
  readonly dtype: 'float32';
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Fills the inputs `dropout.<site>.<rows|columns|table>` of a training graph. */
export function dropoutFeeds(
  inputs: readonly DropoutInput[],
  place: DropoutPlace,
): Record<string, DropoutFeed> {
  const feeds: Record<string, DropoutFeed> = {};
  for (const { name, shape } of inputs) {
    const [, site, axis] = /^dropout\.(\d+)\.(rows|columns|table)$/.exec(name) ?? [];
    if (site === undefined) continue;
    const key = mix(mix(mix(place.seed, place.update), Number(site)), AXES[axis as keyof typeof AXES]);
    feeds[name] =
      shape.length === 3
        ? attentionFeed(key, shape[1] as number, axis === 'rows' ? 1 : 1 / DROPOUT_MODULUS, place)
        : axis === 'rows'
          ? tokenFeed(key, place)
          : featureFeed(key, shape[0] as number, axis === 'table' ? 1 : 1 / DROPOUT_MODULUS);
  }
  return feeds;
}

const AXES = { rows: 1, columns: 2, table: 3 } as const;

function tokenFeed(
  key: number,
  { rows, seq, tokens, block_index, attention_mask }: DropoutPlace,
): DropoutFeed {
  const data = new Float32Array(tokens).fill(1);
  for (const [b, row] of rows.entries())
    for (let t = 0; t < seq; t++)
      if (attention_mask[b * seq + t] === 1)
        data[Number(block_index[b * seq + t])] = odd(mix(mix(key, row), t));
  return { dtype: 'float32', shape: [tokens], data };
}

/** Columns, or the rows of a table: they stand nowhere but in the parameter. */
const featureFeed = (key: number, count: number, unit: number): DropoutFeed => ({
  dtype: 'float32',
  shape: [count],
  data: Float32Array.from({ length: count }, (_, i) => odd(mix(key, i)) * unit),
});

/** Both axes of an attention block are tokens: odd numbers for rows, odd 4096ths for columns. */
function attentionFeed(key: number, heads: number, unit: number, { rows, seq }: DropoutPlace): DropoutFeed {
  const data = new Float32Array(rows.length * heads * seq);
  let at = 0;
  for (const row of rows)
    for (let head = 0; head < heads; head++) {
      const base = mix(mix(key, row), head);
      for (let t = 0; t < seq; t++) data[at++] = odd(mix(base, t)) * unit;
    }
  return { dtype: 'float32', shape: [rows.length, heads, seq], data };
}

/** One of the odd numbers below 4096. */
const odd = (hash: number): number => ((hash >>> 20) | 1) as number;

/** A 32-bit hash of two 32-bit words (the finalizer of MurmurHash3, twice). */
function mix(a: number, b: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul((b | 0) + 0x7f4a7c15, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}
