import { expect, test } from 'vitest';
import { htmlText } from './html.js';
import { settingsTable, shownValue } from './settings-table.js';

test('what is not at its default stands in front; secrets are not shown', () => {
  const text = htmlText(
    settingsTable('reranker', {
      lr: 0.003,
      epochs: 2,
      token: 'hf_x',
      wandb_api_key: 'k',
      '<b>': ['<i>', 'b'],
    }),
  );
  const [own, rest] = text.split('<details>') as [string, string];
  expect(own).toContain('>lr</bdi></th><td><bdi class="text">0.003<');
  expect(own).toContain('&lt;b&gt;');
  expect(own).toContain('&lt;i&gt;, b');
  expect(rest).toContain('1 settings at their default');
  expect(rest).toContain('>epochs<');
  expect(text).not.toMatch(/hf_x|>k</);
  // Another task has other defaults; one that is none has no defaults.
  expect(htmlText(settingsTable('constructor', { epochs: 2 }))).toContain('0 settings at their default');
});

test('any value has a text of bounded length', () => {
  let deep: unknown = 1;
  for (let i = 0; i < 50_000; i++) deep = [deep];
  expect(shownValue({ deep })).toBe('…');
  expect(shownValue('x'.repeat(10_000)).length).toBeLessThan(500);
  expect(shownValue(null)).toBe('null');
});
