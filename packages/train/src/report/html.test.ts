import { expect, test } from 'vitest';
import { html, htmlText, quoted } from './html.js';

test('what is put in is escaped once, templates in templates not again', () => {
  const name = `<script>alert("1")</script> & 'x'`;
  const inner = html`<b title="${name}">${name}</b>`;
  const escaped = '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;';
  expect(htmlText(html`<p>${[inner, 3, false, undefined]}</p>`)).toBe(
    `<p><b title="${escaped}">${escaped}</b>3</p>`,
  );
});

test('characters that HTML may not hold', () => {
  expect(htmlText(quoted('a\u0000\u001b[31m\ud800b\n血😀'))).toBe(
    '<bdi class="text">a\ufffd\ufffd[31m\ufffdb\n血😀</bdi>',
  );
});

test('an object that looks like HTML is none', () => {
  const forged = JSON.parse('{"markup":"<script>"}') as never;
  expect(htmlText(html`${forged}`)).not.toContain('<script>');
});
