import { expect, test } from 'vitest';
import { partOfRank, ranksOfRows } from './rank-part.js';

test.each([0, 1, 3, 5, 12])('%i rows go to ranks in order, each to one', (count) => {
  for (const ranks of [1, 2, 3, 4]) {
    const parts = Array.from({ length: ranks }, (_, rank) => partOfRank(count, { rank, ranks }));
    const owners = ranksOfRows(count, ranks);
    expect(owners).toEqual(owners.toSorted((a, b) => a - b));
    expect(parts.map((_, rank) => owners.filter((owner) => owner === rank).length)).toEqual(
      parts.map(([from, to]) => to - from),
    );
    expect(parts[0]![0]).toBe(0);
    for (const [i, [from, to]] of parts.entries()) {
      expect(to).toBe(parts[i + 1]?.[0] ?? count);
      expect(Math.abs(to - from - count / ranks)).toBeLessThan(1);
    }
  }
});
