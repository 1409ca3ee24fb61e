import { expect, test } from 'vitest';
import { htmlText } from './html.js';
import { intervalChart } from './interval-chart.js';

test('two systems per metric, said in words too', () => {
  const text = htmlText(
    intervalChart('Means', [
      {
        label: 'mrr@10',
        intervals: [
          { name: 'before', mean: 0.4, low: 0.3, high: 0.5 },
          { name: 'after', mean: 0.6, low: 0.5, high: 0.7 },
        ],
      },
    ]),
  );
  expect(text).toContain(
    'aria-label="Means. mrr@10: before 0.400 [0.300, 0.500], after 0.600 [0.500, 0.700]"',
  );
  const centres = [...text.matchAll(/class="fill-[ab]" cx="([\d.]+)"/g)].map(([, x]) => Number(x));
  expect(centres[0]).toBeLessThan(centres[1]!);
});

test('differences show where none is', () => {
  const row = {
    label: 'a name that is much too long for its place',
    intervals: [{ name: 'd', mean: 0.1, low: 0.05, high: 0.2 }],
  };
  const text = htmlText(intervalChart('Differences', [row], 0));
  expect(text.match(/class="zero"/g)).toHaveLength(1);
  expect(text).toContain('>a name that is much to…<title>');
  expect(htmlText(intervalChart('Nothing', []))).toContain('no values');
});
