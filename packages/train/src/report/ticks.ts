/** Four to eight round numbers that span the values. */
export function ticksOf(low: number, high: number, least = 0): number[] {
  const range = Math.max(high - low, least, Number.MIN_VALUE * 1e20);
  const power = 10 ** Math.floor(Math.log10(range / 4));
  const step = power * [1, 2, 5, 10].find((factor) => range / (factor * power) <= 6)!;
  const first = Math.floor(low / step + 1e-9);
  const count = Math.max(1, Math.ceil(Math.max(high, low + range) / step - 1e-9) - first);
  return Array.from({ length: count + 1 }, (_, i) => (first + i) * step);
}

/** A tick with as many digits as its neighbours need; in powers of ten where it is tiny or huge. */
export function tickText(tick: number, ticks: readonly number[]): string {
  const step = ticks[1]! - ticks[0]!;
  const value = Math.abs(tick) < step / 1e6 ? 0 : tick;
  const most = Math.max(...ticks.map(Math.abs));
  if (most >= 1e6 || most < 1e-3) return value === 0 ? '0' : shortNumber(value);
  return value.toFixed(Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));
}

/** `2e-5`, `1.5e9`; three digits. */
export const shortNumber = (value: number): string => {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e6) return String(Number(value.toPrecision(4)));
  return Number(value.toPrecision(3)).toExponential().replace('+', '');
};
