import { cutText } from '../compare/query-examples.js';
import { colbertOptions } from '../config/colbert-options.js';
import { embeddingOptions } from '../config/embedding-options.js';
import type { OptionTable } from '../config/option.js';
import { rerankerOptions } from '../config/reranker-options.js';
import { type Html, html, quoted } from './html.js';
import { table } from './page.js';

const tables: Readonly<Record<string, OptionTable>> = {
  reranker: rerankerOptions,
  embedding: embeddingOptions,
  colbert: colbertOptions,
};

/** Keys of which a run stores no value, whoever wrote the file. */
const secretKey = /(?:^|_)(?:token|secret|password|passwd|api_key|apikey)$/i;

/** Settings of a run: those that are not at their default, and the rest behind a fold. */
export function settingsTable(task: string, settings: Readonly<Record<string, unknown>>): Html {
  const known = Object.hasOwn(tables, task) ? tables[task]! : {};
  const rows = Object.entries(settings).map(([key, value]) => {
    const option = Object.hasOwn(known, key) ? known[key] : undefined;
    const isSecret = option?.secret === true || secretKey.test(key);
    return {
      cells: [quoted(key), isSecret ? html`<span class="note">not shown</span>` : quoted(shownValue(value))],
      isDefault: option !== undefined && shownValue(option.default) === shownValue(value),
    };
  });
  const columns = [{ title: 'key' }, { title: 'value' }];
  const of = (isDefault: boolean) =>
    rows.filter((row) => row.isDefault === isDefault).map(({ cells }) => cells);
  return html`${table('Settings that are not at their default', columns, of(false))}
<details><summary>${of(true).length} settings at their default</summary>${table('Settings at their default', columns, of(true))}</details>`;
}

/** A value as YAML and JSON write it, cut. */
export function shownValue(value: unknown): string {
  if (typeof value === 'string') return cutText(value);
  if (Array.isArray(value) && value.every((each) => typeof each !== 'object'))
    return cutText(value.map(String).join(', '));
  try {
    return cutText(JSON.stringify(value) ?? '–');
  } catch {
    // Nested deeper than the stack reaches.
    return '…';
  }
}
