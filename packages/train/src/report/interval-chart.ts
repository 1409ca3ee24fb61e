import type { MeanInterval } from '@rag/eval';
import { type Html, html } from './html.js';
import { ticksOf, tickText } from './ticks.js';

/** A line of the chart: up to two means with their intervals, the first drawn in the first colour. */
export interface IntervalRow {
  readonly label: string;
  readonly intervals: readonly (MeanInterval & { readonly name: string })[];
}

const width = 480;
const [left, right, rowHeight] = [150, width - 14, 34];

/**
 * Means with their 95 % intervals, a row each, on one axis drawn as SVG.
 * @param zero a place that is marked, such as no difference
 */
export function intervalChart(what: string, rows: readonly IntervalRow[], zero?: number): Html {
  const values = rows.flatMap(({ intervals }) =>
    intervals.flatMap(({ low, high, mean }) => [low, high, mean]),
  );
  if (values.length === 0) return html`<p class="note">${what}: no values</p>`;
  if (zero !== undefined) values.push(zero);
  const ticks = ticksOf(
    values.reduce((a, b) => Math.min(a, b)),
    values.reduce((a, b) => Math.max(a, b)),
    0.02,
  );
  const [low, high] = [ticks[0]!, ticks.at(-1)!];
  const x = (value: number) => Math.round((left + ((value - low) / (high - low)) * (right - left)) * 10) / 10;
  const bottom = 10 + rows.length * rowHeight;
  const told = rows.map(
    ({ label, intervals }) =>
      `${label}: ${intervals.map(({ name, mean, low: from, high: to }) => `${name} ${mean.toFixed(3)} [${from.toFixed(3)}, ${to.toFixed(3)}]`).join(', ')}`,
  );
  return html`<svg viewBox="0 0 ${width} ${bottom + 26}" role="img" aria-label="${what}. ${told.join('; ')}">
${ticks.map(
  (tick) =>
    html`<line class="${tick === zero ? 'zero' : 'grid'}" x1="${x(tick)}" x2="${x(tick)}" y1="6" y2="${bottom}"/><text x="${x(tick)}" y="${bottom + 17}" text-anchor="middle">${tickText(tick, ticks)}</text>`,
)}
${rows.map(({ label, intervals }, row) => {
  const middle = 10 + row * rowHeight + rowHeight / 2;
  return html`<text class="value" x="${left - 12}" y="${middle + 4}" text-anchor="end">${cut(label)}<title>${label}</title></text>${intervals.map(
    ({ name, mean, low: from, high: to }, i) => {
      const kind = i === 0 ? 'a' : 'b';
      const y = middle + (intervals.length === 1 ? 0 : i === 0 ? -6 : 6);
      return html`<line class="${kind}" stroke-width="2" x1="${x(from)}" x2="${x(to)}" y1="${y}" y2="${y}"/><circle class="fill-${kind}" cx="${x(mean)}" cy="${y}" r="4"><title>${name}: ${mean.toFixed(4)} [${from.toFixed(4)}, ${to.toFixed(4)}]</title></circle>`;
    },
  )}`;
})}
</svg>`;
}

/** What stands beside the axis: about 22 letters of the drawing's size, half as many wide ones. */
function cut(label: string): string {
  const size = (character: string) => (/[\u1100-\uffdc]/.test(character) ? 2 : 1);
  let [kept, room] = ['', 22];
  for (const character of label) {
    room -= size(character);
    if (room < 0) return `${kept}…`;
    kept += character;
  }
  return kept;
}
