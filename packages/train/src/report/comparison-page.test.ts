import { expect, test } from 'vitest';
import { compareCandidates } from '../compare/compare-candidates.js';
import { comparisonPage } from './comparison-page.js';

const hostile = '<script>alert(1)</script>';
const queries = [
  { query: `${hostile} who?`, passages: [`${hostile} "one"`, 'two'], relevance: [1, 0] },
  { query: '月亮离地球有多远', passages: ['面包', '三十八万公里'], relevance: [0, 1] },
];
const system = (name: string, flip: boolean) => ({
  name,
  scores: [
    [Number(!flip), 0.5],
    [Number(flip), 0.5],
  ],
});
const facts = { data: [`${hostile}.jsonl`], size: '2 queries', notes: [hostile], version: '0.0.0' };
const compared = compareCandidates(
  queries,
  [system('base', false), system(`tuned ${hostile}`, true)],
  ['mrr@10', 'ndcg@10'],
  { resamples: 200 },
);
const text = comparisonPage(compared, facts);

test('a page of what changed, in any script, with nothing of the data run', () => {
  expect(text).not.toContain('<script');
  expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt; who?');
  expect(text).toContain('月亮离地球有多远');
  expect(text).toContain('few queries');
  expect(text).not.toMatch(/NaN|undefined|\[object/);
  expect(text).not.toMatch(/(?:src|href)=|https?:/);
});

test('headings in order, tables with captions, drawings with words', () => {
  expect(text.match(/<h1/g)).toHaveLength(1);
  for (const figure of text.match(/<svg[^>]*>/g)!) expect(figure).toMatch(/role="img" aria-label="[^"]+"/);
  for (const block of text.match(/<table>[\s\S]*?<\/table>/g)!) expect(block).toContain('<caption>');
  // Tags that are opened are closed.
  for (const tag of ['section', 'table', 'tr', 'figure', 'article', 'bdi', 'svg', 'dl', 'div'])
    expect(text.split(`<${tag}`).length, tag).toBe(text.split(`</${tag}>`).length);
});
