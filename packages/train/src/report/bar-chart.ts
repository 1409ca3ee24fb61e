import { type Html, html } from './html.js';
import { ticksOf, tickText } from './ticks.js';

export interface Bar {
  /** Under the bar; may be empty. */
  readonly label: string;
  /** What the bar counts, in words. */
  readonly about: string;
  readonly count: number;
  readonly colour?: 'a' | 'b' | 'good' | 'bad' | 'faint';
}

const [width, height] = [480, 200];
const frame = { left: 60, right: width - 10, top: 10, bottom: height - 30 };

/** Counts as bars side by side, drawn as SVG. */
export function barChart(what: string, bars: readonly Bar[]): Html {
  const most = bars.reduce((largest, { count }) => Math.max(largest, count), 0);
  if (most === 0) return html`<p class="note">${what}: nothing counted</p>`;
  const ticks = ticksOf(0, most, 1).filter(Number.isInteger);
  const top = Math.max(most, ticks.at(-1)!);
  const y = (value: number) =>
    Math.round((frame.bottom - (value / top) * (frame.bottom - frame.top)) * 10) / 10;
  const step = (frame.right - frame.left) / bars.length;
  const told = bars.filter(({ count }) => count > 0).map(({ about, count }) => `${about}: ${count}`);
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${what}. ${told.join('; ')}">
${ticks.map(
  (tick) =>
    html`<line class="grid" x1="${frame.left}" x2="${frame.right}" y1="${y(tick)}" y2="${y(tick)}"/><text x="${frame.left - 8}" y="${y(tick) + 4}" text-anchor="end">${tickText(tick, ticks)}</text>`,
)}
${bars.map(({ label, about, count, colour = 'a' }, i) => {
  const x = Math.round((frame.left + (i + 0.1) * step) * 10) / 10;
  const barWidth = Math.round(step * 8) / 10;
  return html`${count > 0 && html`<rect class="fill-${colour}" x="${x}" y="${y(count)}" width="${barWidth}" height="${Math.max(1, frame.bottom - y(count))}"><title>${about}: ${count}</title></rect>`}${label !== '' && html`<text x="${x + barWidth / 2}" y="${frame.bottom + 17}" text-anchor="middle">${label}</text>`}`;
})}
</svg>`;
}
