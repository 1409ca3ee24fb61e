/** Milliseconds of several runs, to a microsecond. */
export interface Range {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

const rounded = (x: number, digits: number): number => Number(x.toFixed(digits));

/** The middle of a list, the upper one of two; throws RangeError for an empty list. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted[sorted.length >> 1];
  if (middle === undefined) throw new RangeError('median: expected at least one number, got none');
  return middle;
}

/** Median, least and greatest. */
export const range = (milliseconds: readonly number[]): Range => ({
  median: rounded(median(milliseconds), 3),
  min: rounded(Math.min(...milliseconds), 3),
  max: rounded(Math.max(...milliseconds), 3),
});

/** 10⁹ floating-point operations per second. */
export const gflops = (operations: number, milliseconds: number): number =>
  rounded(operations / milliseconds / 1e6, 1);

/** The most memory that this process has held, in MiB. */
export const peakRssMb = (): number => Math.round(process.resourceUsage().maxRSS / 1024);
