import { expect, test } from 'vitest';
import { html } from './html.js';
import { page, section, table, tiles } from './page.js';

test('a page is one file that runs and loads nothing', () => {
  const text = page(
    'Run <of> today',
    'lead',
    section('Part', tiles([['rows', 12, 'of 13']]), table('Means', [{ title: 'name' }], [[html`<b>x</b>`]])),
  );
  expect(text).toMatch(/^<!doctype html>\n<html lang="en">/);
  expect(text).toContain('<title>Run &lt;of&gt; today</title>');
  expect(text).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  expect(text).toContain('<th scope="row"><b>x</b></th>');
  expect(text).not.toMatch(/<script|<link|<img|src=|url\(|https?:|@import/);
});
