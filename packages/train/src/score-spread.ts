/** The spread of numbers that come batch by batch. */
export interface ScoreSpread {
  /** Nothing for what is no list of numbers. */
  add(numbers: unknown): void;
  /** Standard deviation; undefined of fewer than two numbers. */
  value(): number | undefined;
}

/** Welford's running variance (Technometrics 4(3), 1962): exact for scores that are far from 0 and nearly equal. */
export function scoreSpread(): ScoreSpread {
  let [count, mean, squares] = [0, 0, 0];
  return {
    add(numbers) {
      if (!(numbers instanceof Float32Array)) return;
      for (const number of numbers) {
        count++;
        const off = number - mean;
        mean += off / count;
        squares += off * (number - mean);
      }
    },
    value: () => (count < 2 ? undefined : Math.sqrt(squares / count)),
  };
}
