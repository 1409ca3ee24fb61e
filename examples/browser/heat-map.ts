import type { TokenMatches } from './protocol.js';

/** A table: a row per token of the query, a column per token of the passage, darker where they are more alike. */
export function heatMap({ query, passage, similarity }: TokenMatches, caption: string): HTMLElement {
  const table = document.createElement('table');
  table.className = 'heat';
  const head = table.createTHead().insertRow();
  head.append(document.createElement('td'), ...passage.map((token) => headCell(token, 'col')));
  const body = table.createTBody();
  for (const [i, token] of query.entries()) {
    const row = body.insertRow();
    row.append(headCell(token, 'row'));
    const values = similarity.subarray(i * passage.length, (i + 1) * passage.length);
    const best = values.indexOf(Math.max(...values));
    for (const [j, value] of values.entries()) {
      const cell = row.insertCell();
      const share = Math.max(0, value);
      cell.style.backgroundColor = `color-mix(in srgb, var(--accent) ${(share ** 2 * 100).toFixed(0)}%, var(--paper))`;
      cell.title = `${token} · ${passage[j]}: ${value.toFixed(2)}`;
      if (j === best) {
        cell.className = share > 0.75 ? 'best dark' : 'best';
        cell.textContent = value.toFixed(2);
      }
    }
  }
  const frame = document.createElement('div');
  frame.className = 'scroll';
  frame.tabIndex = 0;
  frame.setAttribute('role', 'group');
  frame.setAttribute('aria-label', caption);
  frame.append(table);
  const about = document.createElement('p');
  about.className = 'help';
  about.textContent = caption;
  const figure = document.createElement('div');
  figure.append(about, frame);
  return figure;
}

function headCell(token: string, scope: 'row' | 'col'): HTMLElement {
  const cell = document.createElement('th');
  cell.scope = scope;
  const text = document.createElement('span');
  text.textContent = token;
  cell.append(text);
  return cell;
}
