import { readFileSync } from 'node:fs';
import type { EmbeddingPrecision } from '../quantize-embeddings.js';

const golden = JSON.parse(
  readFileSync(new URL('../fixtures/quantized-embeddings.json', import.meta.url), 'utf8'),
) as {
  dim: number;
  calibration: number;
  corpus: string;
  queries: string;
  ranges: { min: string; max: string };
  quantized: { precision: EmbeddingPrecision; dim: number; calibration: number; data: string }[];
  searches: {
    precision: EmbeddingPrecision;
    query: number;
    k: number;
    multiplier: number;
    hits: [index: number, score: number][];
  }[];
};

/** Bytes of base64. */
export const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));

const floats = (text: string): Float32Array => new Float32Array(bytesOf(text).buffer);
const rows = (text: string): Float32Array[] => {
  const data = floats(text);
  return Array.from({ length: data.length / golden.dim }, (_, row) =>
    data.slice(row * golden.dim, (row + 1) * golden.dim),
  );
};

/** What sentence-transformers made of a corpus [120][32] and queries [4][32]; its fixture says how. */
export const quantizedGolden = {
  ...golden,
  corpus: rows(golden.corpus),
  queries: rows(golden.queries),
  ranges: { min: floats(golden.ranges.min), max: floats(golden.ranges.max) },
};

/** Unit vectors [rows][dim] around `clusters` seeded centres, and as many queries near some of them as asked for. */
export function clusteredVectors(
  seed: number,
  [rows, dim, clusters, queries]: readonly number[],
): {
  corpus: Float32Array[];
  queries: Float32Array[];
} {
  let state = seed >>> 0;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const centers = Array.from({ length: clusters! }, () => Float64Array.from({ length: dim! }, normal));
  const make = (count: number) =>
    Array.from({ length: count }, () => {
      const center = centers[Math.floor(uniform() * clusters!)]!;
      const vector = center.map((x) => x + 0.8 * normal());
      const norm = Math.hypot(...vector);
      return Float32Array.from(vector, (x) => x / norm);
    });
  return { corpus: make(rows!), queries: make(queries!) };
}
