import type { MeanInterval } from '@rag/eval';
import { ticksOf, tickText } from '../report/ticks.js';
import type { SweepPoint } from './sweep.js';

export interface SweepPlotOptions {
  readonly metric: string;
  readonly best: SweepPoint;
  readonly guardLoss: number;
  /** The models' names. */
  readonly base: string;
  readonly tuned: string;
}

/** Pixels. */
const [width, height] = [720, 440];
const frame = { left: 64, right: width - 96, top: 84, bottom: height - 64 };
const colours = { domain: '#0b6e99', guard: '#c2571a', ink: '#1f2933', faint: '#6b7785', grid: '#e4e8ec' };

/** A self-contained SVG of a sweep: both metrics over α with 95 % bands, the floor of the guard, the best α. */
export function sweepPlot(
  points: readonly SweepPoint[],
  { metric, best, guardLoss, base, tuned }: SweepPlotOptions,
): string {
  const floor = points[0]!.guard.mean - guardLoss;
  const values = points.flatMap(({ domain, guard }) => [domain.low, domain.high, guard.low, guard.high]);
  const ticks = ticksOf(Math.min(...values, floor), Math.max(...values, floor), 0.01);
  const [low, high] = [ticks[0]!, ticks.at(-1)!];
  const [first, last] = [points[0]!.alpha, points.at(-1)!.alpha];
  const x = (alpha: number) =>
    round(frame.left + ((alpha - first) / (last - first || 1)) * (frame.right - frame.left));
  const y = (value: number) =>
    round(frame.bottom - ((value - low) / (high - low)) * (frame.bottom - frame.top));

  const grid = ticks.map(
    (tick) =>
      `<line x1="${frame.left}" x2="${frame.right}" y1="${y(tick)}" y2="${y(tick)}" stroke="${colours.grid}"/>` +
      text(frame.left - 10, y(tick) + 4, tickText(tick, ticks), { anchor: 'end', fill: colours.faint }),
  );
  const step = Math.ceil(points.length / 11);
  const alphas = points
    .filter((_, i) => i % step === 0)
    .map(({ alpha }) =>
      text(x(alpha), frame.bottom + 20, String(round(alpha)), { anchor: 'middle', fill: colours.faint }),
    );
  const series = (['guard', 'domain'] as const).map((name) => {
    const of = (bound: keyof MeanInterval & ('mean' | 'low' | 'high'), list = points) =>
      list.map((point) => `${x(point.alpha)},${y(point[name][bound])}`);
    const band = [...of('high'), ...of('low').toReversed()].join(' ');
    const dots = points.map(
      (point) =>
        `<circle cx="${x(point.alpha)}" cy="${y(point[name].mean)}" r="3" fill="${colours[name]}"><title>${name}, α ${round(point.alpha)}: ${point[name].mean.toFixed(4)}</title></circle>`,
    );
    return `<polygon points="${band}" fill="${colours[name]}" opacity="0.12"/><polyline points="${of('mean').join(' ')}" fill="none" stroke="${colours[name]}" stroke-width="2.5" stroke-linejoin="round"/>${dots.join('')}`;
  });
  const ends = spread(y(points.at(-1)!.domain.mean), y(points.at(-1)!.guard.mean));
  const labels = (['domain', 'guard'] as const).map((name, i) =>
    text(frame.right + 10, ends[i]! + 4, name, { fill: colours[name], weight: 600 }),
  );
  const at = x(best.alpha);
  const isRight = at > (frame.left + frame.right) / 2;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="12" role="img" aria-label="${xmlText(`${metric} over the weight of the tuned model; best α ${round(best.alpha)}`)}">
<rect width="${width}" height="${height}" fill="#ffffff"/>
${text(frame.left, 32, `${metric} of mixes`, { fill: colours.ink, size: 17, weight: 600 })}
${text(frame.left, 54, `base ${ending(base)} · tuned ${ending(tuned)} · bands are 95 % intervals`, { fill: colours.faint })}
${grid.join('\n')}
<line x1="${frame.left}" x2="${frame.right}" y1="${y(floor)}" y2="${y(floor)}" stroke="${colours.guard}" stroke-dasharray="5 4"/>
${series.join('\n')}
<line x1="${at}" x2="${at}" y1="${frame.top - 6}" y2="${frame.bottom}" stroke="${colours.ink}" stroke-dasharray="2 3"/>
<circle cx="${at}" cy="${y(best.domain.mean)}" r="6" fill="#ffffff" stroke="${colours.domain}" stroke-width="2.5"/>
${text(at + (isRight ? -8 : 8), frame.top - 8, `best α ${round(best.alpha)}`, { anchor: isRight ? 'end' : 'start', fill: colours.ink, weight: 600 })}
${text(frame.right - 4, y(floor) - 6, `guard floor: base − ${guardLoss}`, { anchor: 'end', fill: colours.guard, size: 11 })}
${alphas.join('\n')}
${text((frame.left + frame.right) / 2, frame.bottom + 44, 'α, weight of the tuned model', { anchor: 'middle', fill: colours.ink })}
${labels.join('\n')}
</svg>
`;
}

interface TextStyle {
  readonly fill: string;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly size?: number;
  readonly weight?: number;
}

const text = (x: number, y: number, content: string, { fill, anchor, size, weight }: TextStyle): string =>
  `<text x="${round(x)}" y="${round(y)}" fill="${fill}"${anchor ? ` text-anchor="${anchor}"` : ''}${size ? ` font-size="${size}"` : ''}${weight ? ` font-weight="${weight}"` : ''} stroke="#ffffff" stroke-width="3" stroke-linejoin="round" paint-order="stroke">${xmlText(content)}</text>`;

const round = (value: number): number => Math.round(value * 100) / 100;
const xmlText = (value: string): string =>
  // XML has no way to write control characters.
  value.replace(/\p{Cc}/gu, ' ').replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
/** What tells models apart: a path's last folders. Two of them and the words beside them fill a line. */
const ending = (name: string, most = 28): string => (name.length > most ? `…${name.slice(1 - most)}` : name);

/** Two labels at least a line apart. */
function spread(a: number, b: number): [number, number] {
  const gap = 16 - Math.abs(a - b);
  if (gap <= 0) return [a, b];
  return a <= b ? [a - gap / 2, b + gap / 2] : [a + gap / 2, b - gap / 2];
}
