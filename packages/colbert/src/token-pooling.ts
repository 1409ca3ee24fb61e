import { checkVectors, type TokenVectors } from './token-vectors.js';

/**
 * Fewer vectors for a passage, as PyLate pools them (https://arxiv.org/abs/2409.14683): all but the first `protectedTokens` are put into
 * ⌊count / poolFactor⌋ clusters, at least one, by Ward's method over 1 − cosine; each cluster becomes its mean, which is
 * not normalised again. Protected vectors come first, clusters follow by their first token.
 * @throws RangeError for a factor or a number of protected tokens that is no whole number
 */
export function poolTokens(vectors: TokenVectors, poolFactor: number, protectedTokens: number): TokenVectors {
  if (!Number.isInteger(poolFactor) || poolFactor < 1)
    throw new RangeError(`poolFactor: expected a whole number ≥ 1, got ${poolFactor} — 2 halves the vectors`);
  if (!Number.isInteger(protectedTokens) || protectedTokens < 0)
    throw new RangeError(
      `protectedTokens: expected a whole number ≥ 0, got ${protectedTokens} — 1 keeps the first vector, 0 pools all`,
    );
  const { data, tokens, dim } = vectors;
  checkVectors('vectors', [vectors], dim);
  const kept = Math.min(protectedTokens, tokens);
  const count = tokens - kept;
  const clusters = Math.max(1, Math.floor(count / poolFactor));
  if (clusters >= count) return vectors;
  const rest = data.subarray(kept * dim);
  const labels = cutTree(wardLinkage(cosineDistances(rest, count, dim), count), count, clusters);
  const found = Math.max(...labels) + 1;
  const pooled = new Float32Array((kept + found) * dim);
  pooled.set(data.subarray(0, kept * dim));
  const sizes = new Array<number>(found).fill(0);
  for (const label of labels) sizes[label]!++;
  for (let token = 0; token < count; token++) {
    const label = labels[token]!;
    for (let i = 0; i < dim; i++) pooled[(kept + label) * dim + i]! += rest[token * dim + i]! / sizes[label]!;
  }
  return { data: pooled, tokens: kept + found, dim };
}

/** 1 − a·b of unit vectors, [count, count]. */
function cosineDistances(data: Float32Array, count: number, dim: number): Float64Array {
  const distances = new Float64Array(count * count);
  for (let a = 0; a < count; a++)
    for (let b = a + 1; b < count; b++) {
      let product = 0;
      for (let i = 0; i < dim; i++) product += data[a * dim + i]! * data[b * dim + i]!;
      distances[a * count + b] = 1 - product;
      distances[b * count + a] = 1 - product;
    }
  return distances;
}

/** One step of a clustering: two points, each standing for its cluster, and how far apart the clusters are. */
interface Merge {
  readonly a: number;
  readonly b: number;
  readonly distance: number;
}

/**
 * The count − 1 merges of Ward's method, nearest first, by chains of nearest neighbours (Murtagh 1983) and the formula of Lance and
 * Williams; O(count²) steps. `distances` is overwritten.
 */
function wardLinkage(distances: Float64Array, count: number): Merge[] {
  const size = new Array<number>(count).fill(1);
  const merges: Merge[] = [];
  const chain: number[] = [];
  while (merges.length < count - 1) {
    if (chain.length === 0) chain.push(size.findIndex((n) => n > 0));
    const tip = chain.at(-1)!;
    const previous = chain.at(-2);
    // Of equally near clusters the previous one wins, else the chain would not end.
    let nearest = previous ?? -1;
    let distance = previous === undefined ? Number.POSITIVE_INFINITY : distances[tip * count + previous]!;
    for (let other = 0; other < count; other++) {
      if (size[other]! === 0 || other === tip) continue;
      const next = distances[tip * count + other]!;
      if (next < distance) [nearest, distance] = [other, next];
    }
    if (nearest < 0) throw new RangeError('vectors: expected finite numbers, got others — check the model');
    if (nearest !== previous) {
      chain.push(nearest);
      continue;
    }
    chain.splice(-2);
    const [a, b] = [Math.min(tip, nearest), Math.max(tip, nearest)];
    merges.push({ a, b, distance });
    const [na, nb] = [size[a]!, size[b]!];
    for (let other = 0; other < count; other++) {
      const n = size[other]!;
      if (n === 0 || other === a || other === b) continue;
      const [da, db] = [distances[a * count + other]!, distances[b * count + other]!];
      const squared = ((na + n) * da * da + (nb + n) * db * db - n * distance * distance) / (na + nb + n);
      distances[b * count + other] = Math.sqrt(squared);
      distances[other * count + b] = Math.sqrt(squared);
    }
    size[a] = 0;
    size[b] = na + nb;
  }
  return merges.sort((x, y) => x.distance - y.distance);
}

/** Labels 0, 1, … by first member, of at most `clusters` clusters: merges as far apart as the last needed one happen too. */
function cutTree(merges: readonly Merge[], count: number, clusters: number): number[] {
  const threshold = merges[count - clusters - 1]!.distance;
  const parent = Array.from({ length: count }, (_, i) => i);
  const rootOf = (i: number): number => {
    let root = i;
    while (parent[root] !== root) root = parent[root]!;
    return root;
  };
  for (const { a, b, distance } of merges) if (distance <= threshold) parent[rootOf(a)] = rootOf(b);
  const label = new Map<number, number>();
  return parent.map((_, i) => {
    const root = rootOf(i);
    if (!label.has(root)) label.set(root, label.size);
    return label.get(root)!;
  });
}
