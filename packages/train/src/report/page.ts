import { type Content, type Html, html, htmlText } from './html.js';

/** A part of a page with a heading. */
export const section = (title: string, ...content: readonly Content[]): Html =>
  html`<section>
<h2>${title}</h2>
${content}
</section>
`;

/** A column of a table: numbers stand at the right. */
export interface Column {
  readonly title: string;
  readonly isNumber?: boolean;
}

/** A table that scrolls by itself where the page is too narrow. */
export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Content[])[],
): Html {
  const kind = (i: number) => (columns[i]?.isNumber ? html` class="number"` : '');
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<caption>${caption}</caption>
<thead><tr>${columns.map(({ title }, i) => html`<th scope="col"${kind(i)}>${title}</th>`)}</tr></thead>
<tbody>
${rows.map(
  (row) =>
    html`<tr>${row.map((cell, i) => (i === 0 ? html`<th scope="row"${kind(0)}>${cell}</th>` : html`<td${kind(i)}>${cell}</td>`))}</tr>
`,
)}</tbody>
</table></div>
`;
}

/** A row of numbers in large. */
export const tiles = (items: readonly (readonly [label: string, value: Content, note?: Content])[]): Html =>
  html`<dl class="tiles">${items.map(
    ([label, value, note]) =>
      html`<div><dt>${label}</dt><dd>${value}</dd>${note !== undefined && html`<dd class="note">${note}</dd>`}</div>`,
  )}</dl>
`;

/** A drawing with its title. */
export const figure = (title: string, drawing: Html, note?: Content): Html =>
  html`<figure><figcaption>${title}</figcaption>${drawing}${note !== undefined && html`<p class="note">${note}</p>`}</figure>
`;

/**
 * A whole page that needs nothing beside itself: no script runs in it and it loads nothing, which its policy tells the browser too.
 * @returns the text of an HTML file
 */
export function page(title: string, lead: Content, ...content: readonly Content[]): string {
  return htmlText(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${styles}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="lead">${lead}</p>
</header>
<main>
${content}</main>
</body>
</html>
`);
}

const styles = html`
:root { color-scheme: light dark; --ink: #1f2933; --faint: #5b6774; --page: #f6f8fa; --card: #ffffff; --line: #dde3e9; --a: #0b6e99; --b: #b34a10; --good: #1d7044; --bad: #b3261e; --warn: #8a5a00; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6ebf0; --faint: #9aa7b4; --page: #12171c; --card: #1b2229; --line: #33404b; --a: #5bb8e0; --b: #f0915a; --good: #63c08d; --bad: #f28b82; --warn: #e0b252; }
}
* { box-sizing: border-box; }
body { margin: 0; padding: 1.5rem 1rem 4rem; background: var(--page); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif; }
header, main { max-width: 68rem; margin: 0 auto; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .4rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 0 0 .8rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .5rem; }
.lead, .note, caption { color: var(--faint); }
.lead { margin: 0 0 1.4rem; overflow-wrap: anywhere; }
.note { font-size: .875rem; margin: .4rem 0 0; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1.1rem 1.2rem; margin: 0 0 1.2rem; }
.scroll { overflow-x: auto; }
.scroll + .scroll, .scroll + figure, .scroll + .figures, figure + .scroll, .figures + .scroll { margin-top: 1.2rem; }
table { border-collapse: collapse; min-width: 100%; font-size: .9rem; }
caption { text-align: left; padding: 0 0 .5rem; font-size: .875rem; }
th, td { text-align: left; padding: .35rem .9rem .35rem 0; border-top: 1px solid var(--line); vertical-align: top; font-weight: 400; }
thead th { color: var(--faint); font-size: .82rem; border-top: 0; white-space: nowrap; }
tbody th { font-weight: 500; overflow-wrap: anywhere; min-width: 8rem; }
tbody tr.axis th { color: var(--faint); padding-top: .9rem; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td > .text { display: inline-block; min-width: 9rem; }
.number + :not(.number) { padding-left: 1rem; }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
.text { overflow-wrap: anywhere; white-space: pre-wrap; }
.tag { font-size: .75rem; border: 1px solid currentColor; border-radius: 1rem; padding: 0 .5rem; white-space: nowrap; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: .8rem; margin: 0 0 1.2rem; }
.tiles > div { border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .8rem; }
.tiles dt { color: var(--faint); font-size: .82rem; }
.tiles dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.tiles dd.note { font-size: .82rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1.2rem; }
figure { margin: 0; min-width: 0; max-width: 36rem; }
figcaption { font-size: .9rem; font-weight: 500; margin: 0 0 .3rem; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--faint); font-size: 12px; }
svg .value { fill: var(--ink); }
svg .grid { stroke: var(--line); } svg .zero { stroke: var(--faint); }
svg .a { stroke: var(--a); } svg .b { stroke: var(--b); } svg .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
svg .fill-a { fill: var(--a); } svg .fill-b { fill: var(--b); } svg .fill-good { fill: var(--good); } svg .fill-bad { fill: var(--bad); } svg .fill-faint { fill: var(--faint); }
.key { display: inline-block; width: .8rem; height: .8rem; border-radius: .2rem; margin-right: .35rem; vertical-align: -.08rem; }
.key-a { background: var(--a); } .key-b { background: var(--b); }
article { border-top: 1px solid var(--line); padding: .9rem 0 .2rem; }
article h4 { margin: 0 0 .3rem; font-size: 1rem; font-weight: 600; }
article dl { margin: .4rem 0; display: grid; grid-template-columns: max-content 1fr; gap: .25rem .9rem; font-size: .9rem; }
article dt { color: var(--faint); } article dd { margin: 0; min-width: 0; }
details { margin: 1rem 0; } summary { cursor: pointer; }
@media (max-width: 34rem) { body { padding: 1rem .6rem 3rem; } section { padding: .9rem .8rem; } article dl { grid-template-columns: 1fr; gap: 0; } article dt { margin-top: .4rem; } }
@media print { body { background: none; } section { break-inside: avoid-page; } }
`;
