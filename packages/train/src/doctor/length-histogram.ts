/** Lengths in short. */
export interface LengthSummary {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly most: number;
  /** Lengths in bands that widen by √2: entry i counts those above 2^((i − 1) / 2), up to 2^(i / 2). */
  readonly bands?: readonly number[];
}

/** Lengths below this have a bin of their own. */
const EXACT = 1024;
/** Bins per doubling above it: a percentile is right to 1/64. */
const PER_OCTAVE = 64;
const OCTAVES = 22;

/** Counts lengths, whole numbers from 0, in 20 KB whatever their number. */
export function lengthHistogram() {
  const bins = new Float64Array(EXACT + PER_OCTAVE * OCTAVES);
  const bands: number[] = [];
  let [count, total, most] = [0, 0, 0];
  const percentile = (share: number): number => {
    let left = Math.ceil(share * count);
    for (let bin = 0; bin < bins.length; bin++) {
      left -= bins[bin]!;
      if (left <= 0) return Math.min(most, startOf(bin));
    }
    return most;
  };
  return {
    add(length: number): void {
      const bin = binOf(length);
      bins[bin] = bins[bin]! + 1;
      const band = bandOf(length);
      while (bands.length <= band) bands.push(0);
      bands[band]!++;
      count++;
      total += length;
      most = Math.max(most, length);
    },
    summary: (): LengthSummary => ({
      count,
      mean: count === 0 ? 0 : total / count,
      p50: count === 0 ? 0 : percentile(0.5),
      p90: count === 0 ? 0 : percentile(0.9),
      p99: count === 0 ? 0 : percentile(0.99),
      most,
      bands: [...bands],
    }),
  };
}

function binOf(length: number): number {
  if (length < EXACT) return length;
  const bin = EXACT + Math.floor(Math.log2(length / EXACT) * PER_OCTAVE);
  return Math.min(bin, EXACT + PER_OCTAVE * OCTAVES - 1);
}

const bandOf = (length: number): number =>
  length <= 1 ? 0 : Math.min(99, Math.ceil(2 * Math.log2(length) - 1e-9));

/** The longest length of a band. */
export const bandEnd = (band: number): number => Math.floor(2 ** (band / 2) + 1e-9);

/** The least length of a bin. */
const startOf = (bin: number): number =>
  bin < EXACT ? bin : Math.round(EXACT * 2 ** ((bin - EXACT) / PER_OCTAVE));

/** `median 314, 90 % 800, 99 % 2048, most 10282`. */
export const formatLengths = ({ p50, p90, p99, most }: LengthSummary): string =>
  `median ${p50}, 90 % ${p90}, 99 % ${p99}, most ${most}`;
