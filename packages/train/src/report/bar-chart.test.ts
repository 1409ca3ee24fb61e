import { expect, test } from 'vitest';
import { barChart } from './bar-chart.js';
import { htmlText } from './html.js';

test('bars as high as their counts', () => {
  const text = htmlText(
    barChart('Lengths', [
      { label: '1', about: 'up to <1>', count: 2 },
      { label: '', about: 'none', count: 0 },
      { label: '3', about: 'up to 3', count: 4, colour: 'bad' },
    ]),
  );
  expect(text).toContain('aria-label="Lengths. up to &lt;1&gt;: 2; up to 3: 4"');
  const heights = [...text.matchAll(/<rect[^>]* height="([\d.]+)"/g)].map(([, h]) => Number(h));
  expect(heights).toHaveLength(2);
  expect(heights[1]).toBeCloseTo(2 * heights[0]!, 0);
  expect(htmlText(barChart('Lengths', []))).toContain('nothing counted');
});
