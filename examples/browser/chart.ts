import type { TuneProgress } from './protocol.js';

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [640, 230, 44, 44, 26, 24];

/** Their running mean, of about ten updates. */
export function smooth(losses: readonly number[]): number[] {
  let [sum, weight] = [0, 0];
  return losses.map((loss) => {
    sum = sum * 0.9 + loss;
    weight = weight * 0.9 + 1;
    return sum / weight;
  });
}

/** The updates that the chart is wide for: the next of 10, 20, 50, 100, …, so that a long run's first ones are seen too. */
export function chartWidth(update: number, updates: number): number {
  let width = 10;
  for (let i = 0; width < update; i++) width *= [2, 2.5, 2][i % 3]!;
  return Math.max(1, Math.min(width, updates));
}

/** The loss of each update and its running mean (lines, left axis) and held-out nDCG@10 (dots, right axis from 0 to 1) as SVG. */
export function chart(
  { losses, heldOut, update: done, updates }: TuneProgress,
  label: string,
  loss: string,
): SVGSVGElement {
  const shown = chartWidth(done, updates);
  const top = Math.max(0.1, ...losses) * 1.05;
  const x = (update: number) => LEFT + (update / shown) * (WIDTH - LEFT - RIGHT);
  const y = (share: number) => HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
  const svg = element('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label });
  const text = (content: string, at: Record<string, string | number>) => {
    const node = element('text', at);
    node.textContent = content;
    svg.append(node);
  };
  for (const share of [0, 0.5, 1]) {
    svg.append(element('line', { x1: LEFT, x2: WIDTH - RIGHT, y1: y(share), y2: y(share), class: 'grid' }));
    text((share * top).toFixed(2), { x: LEFT - 6, y: y(share) + 4, 'text-anchor': 'end' });
    text(share.toFixed(1), { x: WIDTH - RIGHT + 6, y: y(share) + 4, class: 'quality' });
  }
  text(loss, { x: LEFT, y: TOP - 12 });
  text('nDCG@10', { x: WIDTH - RIGHT, y: TOP - 12, 'text-anchor': 'end', class: 'quality' });
  text('0', { x: LEFT, y: HEIGHT - 6, 'text-anchor': 'middle' });
  text(String(shown), { x: WIDTH - RIGHT, y: HEIGHT - 6, 'text-anchor': 'end' });
  const line = (values: readonly number[]) =>
    values.map((value, i) => `${x(i + 1).toFixed(1)},${y(value / top).toFixed(1)}`).join(' ');
  svg.append(
    element('polyline', { points: line(losses), class: 'each' }),
    element('polyline', { points: line(smooth(losses)), class: 'loss' }),
  );
  const dots = heldOut.map(({ update, value }) => ({ cx: x(update), cy: y(value), r: 4, class: 'quality' }));
  svg.append(
    element('polyline', {
      points: dots.map(({ cx, cy }) => `${cx.toFixed(1)},${cy.toFixed(1)}`).join(' '),
      class: 'quality',
    }),
    ...dots.map((dot) => element('circle', dot)),
  );
  return svg as SVGSVGElement;
}

function element(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const node = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  return node;
}
