import { type Collective, partOfRank } from '@rag/runtime';

/**
 * A row of numbers for each item, all rows of one length: each rank computes those of its contiguous part, and every rank has all of them, bit for
 * bit. By all ranks, with the same items.
 */
export async function inParts<T>(
  collective: Collective,
  items: readonly T[],
  compute: (part: readonly T[]) => Promise<readonly ArrayLike<number>[]>,
): Promise<Float64Array[]> {
  const { rank, size: ranks } = collective;
  const [from, to] = partOfRank(items.length, { rank, ranks });
  const own = from === to ? [] : await compute(items.slice(from, to));
  const longest = Float64Array.of(own[0]?.length ?? 0);
  await collective.allReduce(longest, 'max');
  const width = longest[0] ?? 0;
  const all = new Float64Array(items.length * width);
  for (const [i, row] of own.entries()) all.set(row, (from + i) * width);
  const starts = Array.from(
    { length: ranks },
    (_, each) => partOfRank(items.length, { rank: each, ranks })[0],
  );
  await collective.allGather(
    new Uint8Array(all.buffer),
    [...starts, items.length].map((start) => start * width * Float64Array.BYTES_PER_ELEMENT),
  );
  return items.map((_, i) => all.subarray(i * width, (i + 1) * width));
}
