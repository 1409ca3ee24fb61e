import { type Html, html } from './html.js';
import { shortNumber, ticksOf, tickText } from './ticks.js';

/** A line over updates. */
export interface Series {
  readonly name: string;
  /** Ascending in x; a y that is not finite breaks the line. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** Places, in units of the drawing. */
const [width, height] = [480, 220];
const frame = { left: 62, right: width - 12, top: 12, bottom: height - 34 };
/** Points of a line: what is more than the drawing shows is gathered. */
const MOST_POINTS = 400;

/** One or two lines over the updates of a run, drawn as SVG. */
export function lineChart(what: string, series: readonly Series[], xName = 'update'): Html {
  const all = series.flatMap(({ points }) => points).filter(([, y]) => Number.isFinite(y));
  if (all.length === 0) return html`<p class="note">${what}: no finite values</p>`;
  const [xs, ys] = [all.map(([x]) => x), all.map(([, y]) => y)];
  const [left, right] = extent(xs);
  const [least, most] = extent(ys);
  const yTicks = ticksOf(least, most, Math.max(Math.abs(most), 1e-12) * 1e-3);
  // Updates and epochs are whole.
  const xTicks = ticksOf(left, right, 4).filter(
    (tick) => tick >= left && tick <= right && Number.isInteger(tick),
  );
  const [low, high] = [yTicks[0]!, yTicks.at(-1)!];
  const x = (value: number) =>
    round(frame.left + ((value - left) / (right - left || 1)) * (frame.right - frame.left));
  const y = (value: number) =>
    round(frame.bottom - ((value - low) / (high - low)) * (frame.bottom - frame.top));
  const label = `${what} over ${xTicks.length > 0 ? xName : 'a run'}: from ${shortNumber(ys[0]!)} to ${shortNumber(ys.at(-1)!)}, least ${shortNumber(least)}, most ${shortNumber(most)}`;
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">
${yTicks.map(
  (tick) =>
    html`<line class="grid" x1="${frame.left}" x2="${frame.right}" y1="${y(tick)}" y2="${y(tick)}"/><text x="${frame.left - 8}" y="${y(tick) + 4}" text-anchor="end">${tickText(tick, yTicks)}</text>`,
)}
${xTicks.map(
  (tick) =>
    html`<text x="${x(tick)}" y="${frame.bottom + 17}" text-anchor="middle">${tickText(tick, xTicks)}</text>`,
)}
<text x="${(frame.left + frame.right) / 2}" y="${height - 3}" text-anchor="middle">${xName}</text>
${series.map(({ name, points }, i) => {
  const kind = i === 0 ? 'a' : 'b';
  return parts(thinned(points)).map((part) =>
    part.length === 1
      ? html`<circle class="fill-${kind}" cx="${x(part[0]![0])}" cy="${y(part[0]![1])}" r="3"><title>${name}</title></circle>`
      : html`<polyline class="line ${kind}" points="${part.map(([at, value]) => `${x(at)},${y(value)}`).join(' ')}"><title>${name}</title></polyline>`,
  );
})}
</svg>`;
}

type Point = readonly [x: number, y: number];

/** Of so many points the means of neighbours. A break stays one. */
function thinned(points: readonly Point[]): Point[] {
  if (points.length <= MOST_POINTS) return [...points];
  const size = Math.ceil(points.length / MOST_POINTS);
  const kept: Point[] = [];
  for (let from = 0; from < points.length; from += size) {
    const group = points.slice(from, from + size);
    const mean = (of: 0 | 1) => group.reduce((sum, point) => sum + point[of], 0) / group.length;
    kept.push([mean(0), mean(1)]);
  }
  return kept;
}

/** Stretches of finite points. */
function parts(points: readonly Point[]): Point[][] {
  const found: Point[][] = [[]];
  for (const point of points) {
    if (Number.isFinite(point[1])) found.at(-1)!.push(point);
    else if (found.at(-1)!.length > 0) found.push([]);
  }
  return found.filter((part) => part.length > 0);
}

function extent(values: readonly number[]): [number, number] {
  let [low, high] = [values[0]!, values[0]!];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return [low, high];
}

const round = (value: number): number => Math.round(value * 10) / 10;
