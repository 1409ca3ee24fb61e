import { describe, test } from 'vitest';
import type { Collective } from '../collectives/collective.js';
import { COLLECTIVE_CASES } from './collective-cases.js';

/**
 * The tests that every driver whose ranks live in one process passes: registers them with vitest. Ranks of processes of their own run
 * `COLLECTIVE_CASES` themselves.
 *
 * @param open fresh collectives of so many ranks
 */
export function collectiveExam(name: string, size: number, open: (size: number) => Collective[]): void {
  describe(`collective exam: ${name} of ${size}`, () => {
    for (const { name: title, run } of COLLECTIVE_CASES)
      test(title, async () => {
        const ranks = open(size);
        await Promise.all(ranks.map((rank) => run(rank)));
        await Promise.all(ranks.map((rank) => rank.close()));
      });
  });
}
