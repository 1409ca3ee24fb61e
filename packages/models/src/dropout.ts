import {
  floor,
  GraphError,
  gather,
  greaterOrEqual,
  input,
  mul,
  sub,
  unsqueeze,
  type Value,
  where,
} from '@rag/onnx';
import { widthOf } from './layers.js';

/**
 * Dropout (https://jmlr.org/papers/v15/srivastava14a.html) whose mask depends on where an element stands, never on
 * the batch it is computed in: an element is kept by a hash of (seed, update, site, global row, token, feature).
 *
 * The hash of a site is a product in the multiplicative group of odd numbers modulo 4096: u·v/4096 mod 1 with one odd
 * number u per row and one v per column, both drawn by the host. Products of two 12-bit numbers are exact in float32,
 * so every provider computes the same mask, from vectors instead of an uploaded matrix; each mask entry is exactly
 * uniform, and entries that share only a row or only a column are independent.
 */
export interface Dropout {
  /** x [tokens, features]. */
  tokens(x: Value, probability: number): Value;
  /** x [batch, features], where sequence b's first token is row `first_token[b]` of [tokens]. */
  sequences(x: Value, probability: number, first_token: Value): Value;
  /** Attention weights [batch, heads, seq, seq]. */
  attention(weights: Value, probability: number): Value;
  /** x [rows, features] of a parameter that the whole batch shares: its mask is the update's. */
  table(x: Value, probability: number): Value;
  /** The graph inputs that the calls so far have made, for `dropoutFeeds` to fill. */
  readonly inputs: readonly Value[];
}

/** Evaluation: every element is kept. */
export const noDropout: Dropout = {
  tokens: (x) => x,
  sequences: (x) => x,
  attention: (x) => x,
  table: (x) => x,
  inputs: [],
};

/** Levels of the hash: the odd numbers below it. */
export const DROPOUT_MODULUS = 4096;

/** Training: each call is a site of its own, with graph inputs `dropout.<site>.rows` (`.table` for a table's) and `dropout.<site>.columns`. */
export function trainingDropout(): Dropout {
  const inputs: Value[] = [];
  let site = 0;
  const declare = (shape: Value['shape'], axis: 'rows' | 'columns' | 'table'): Value => {
    const value = input(`dropout.${site}.${axis}`, 'float32', shape);
    inputs.push(value);
    return value;
  };
  return {
    inputs,
    tokens(x, probability) {
      if (probability === 0) return x;
      const [rows, columns] = [declare(['tokens'], 'rows'), declare([widthOf(x)], 'columns')];
      site++;
      return drop(x, unsqueeze(rows, [1]), columns, probability);
    },
    sequences(x, probability, first_token) {
      if (probability === 0) return x;
      const [rows, columns] = [declare(['tokens'], 'rows'), declare([widthOf(x)], 'columns')];
      site++;
      return drop(x, unsqueeze(gather(rows, first_token), [1]), columns, probability);
    },
    attention(weights, probability) {
      if (probability === 0) return weights;
      const [batch, heads, seq] = weights.shape;
      const [rows, columns] = [
        declare([batch!, heads!, seq!], 'rows'),
        declare([batch!, heads!, seq!], 'columns'),
      ];
      site++;
      return drop(weights, unsqueeze(rows, [3]), unsqueeze(columns, [2]), probability);
    },
    table(x, probability) {
      if (probability === 0) return x;
      const [rows, columns] = [declare([x.shape[0]!], 'table'), declare([widthOf(x)], 'columns')];
      site++;
      return drop(x, unsqueeze(rows, [1]), columns, probability);
    },
  };
}

/** x where the hash is at least the probability, scaled so that the mean stays exactly what it was. */
function drop(x: Value, rows: Value, columns: Value, probability: number): Value {
  if (!(probability > 0 && keptShare(probability) > 0))
    throw new GraphError(
      'dropout',
      `expected a probability in [0, ${DROPOUT_MODULUS - 1}/${DROPOUT_MODULUS}], got ${probability} — at least one level must be kept`,
    );
  const product = mul(rows, columns);
  const kept = greaterOrEqual(sub(product, floor(product)), probability);
  return mul(where(kept, x, 0), 1 / keptShare(probability));
}

/** The share of odd numbers k below 4096 with k/4096 ≥ probability. */
export function keptShare(probability: number): number {
  const half = DROPOUT_MODULUS / 2;
  // Odd numbers below x are floor(⌈x⌉ / 2).
  const dropped = Math.floor(Math.ceil(probability * DROPOUT_MODULUS) / 2);
  return (half - dropped) / half;
}
