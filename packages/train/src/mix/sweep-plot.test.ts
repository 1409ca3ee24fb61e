import { expect, test } from 'vitest';
import type { SweepPoint } from './sweep.js';
import { sweepPlot } from './sweep-plot.js';

const interval = (mean: number, half = 0.03) => ({ mean, low: mean - half, high: mean + half });
const points: SweepPoint[] = Array.from({ length: 11 }, (_, i) => ({
  alpha: i / 10,
  domain: interval(0.62 + 0.16 * Math.sin(i / 7)),
  guard: interval(0.71 - 0.0012 * i * i),
}));
const options = { metric: 'ndcg@10', best: points[3]!, guardLoss: 0.01, base: 'bge', tuned: 'bge-law' };

/** Every element opened is closed, in order. */
function isWellFormed(svg: string): boolean {
  const open: string[] = [];
  for (const [, slash, name, self] of svg.matchAll(/<(\/?)([a-z]+)(?:\s[^<>]*?)?(\/?)>/g)) {
    if (slash) {
      if (open.pop() !== name) return false;
    } else if (!self) open.push(name!);
  }
  return open.length === 0 && !/<(?![/a-z])/.test(svg);
}

test('the plot is one well-formed SVG inside its frame, which loads nothing', () => {
  const svg = sweepPlot(points, options);
  expect(isWellFormed(svg)).toBe(true);
  expect(svg).not.toMatch(/NaN|undefined|Infinity|href|url\(|<script|<style/);
  for (const [, axis, value] of svg.matchAll(/\b(c?[xy][12]?)="(-?[\d.]+)"/g)) {
    expect(Number(value)).toBeGreaterThanOrEqual(0);
    expect(Number(value)).toBeLessThanOrEqual(axis!.includes('x') ? 720 : 440);
  }
  expect(svg.match(/<circle /g)).toHaveLength(23);
  expect(svg).toContain('best α 0.3<');
  expect(svg).toContain('guard floor: base − 0.01');
});

test('a higher value is higher up, a larger α further right', () => {
  const svg = sweepPlot(points, options);
  const [guard, domain] = [...svg.matchAll(/<polyline points="([^"]*)"/g)].map(([, list]) =>
    list!.split(' ').map((pair) => pair.split(',').map(Number) as [number, number]),
  );
  expect(domain!.every(([x, y], i) => i === 0 || (x > domain![i - 1]![0] && y < domain![i - 1]![1]))).toBe(
    true,
  );
  expect(guard!.every(([, y], i) => i === 0 || y > guard![i - 1]![1])).toBe(true);
});

test('names are text, whatever they hold', () => {
  const svg = sweepPlot(points, { ...options, base: '</text><script>"&\u0007', tuned: 'x'.repeat(300) });
  expect(isWellFormed(svg)).toBe(true);
  expect(svg).not.toContain('<script');
  expect(svg.length).toBeLessThan(12_000);
});

test('long paths keep the ends that tell them apart', () => {
  const folder = `/data/${'models/'.repeat(20)}`;
  const svg = sweepPlot(points, { ...options, base: `${folder}base/model`, tuned: `${folder}law/model` });
  for (const end of ['base/model · tuned …', 'law/model · bands are 95 % intervals<'])
    expect(svg).toContain(end);
  expect(svg).not.toContain('/data/');
});

test('equal values and two points have a scale as well', () => {
  const flat = [0, 1].map((alpha) => ({ alpha, domain: interval(1, 0), guard: interval(1, 0) }));
  const svg = sweepPlot(flat, { ...options, best: flat[0]!, guardLoss: 0 });
  expect(svg).not.toMatch(/NaN|Infinity/);
  expect(isWellFormed(svg)).toBe(true);
});
