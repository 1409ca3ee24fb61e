/** One of several ranks. */
export interface RankOf {
  /** From 0. */
  readonly rank: number;
  readonly ranks: number;
}

/** The contiguous part `from` … `to` of `count` rows that a rank takes; parts differ by one row at most, and there may be none. */
export const partOfRank = (count: number, { rank, ranks }: RankOf): readonly [from: number, to: number] => [
  Math.floor((count * rank) / ranks),
  Math.floor((count * (rank + 1)) / ranks),
];

/** For each of `count` rows, the rank that takes it. */
export const ranksOfRows = (count: number, ranks: number): number[] =>
  Array.from({ length: ranks }, (_, rank) => {
    const [from, to] = partOfRank(count, { rank, ranks });
    return new Array<number>(to - from).fill(rank);
  }).flat();
