import type { Comparison } from '../compare/compare-systems.js';
import { comparisonSections } from './comparison-sections.js';
import { html } from './html.js';
import { page, section } from './page.js';

/** What was compared, for a page and its JSON. */
export interface ComparisonFacts {
  /** Files or folders of the judged queries. */
  readonly data: readonly string[];
  /** Such as `40 queries, 310 passages`. */
  readonly size: string;
  readonly notes: readonly string[];
  /** Of this package. */
  readonly version: string;
}

/** A self-contained page of a comparison. */
export function comparisonPage(
  comparison: Comparison,
  { data, size, notes, version }: ComparisonFacts,
): string {
  const names = comparison.systems.map(({ name }) => name);
  return page(
    `${names.slice(1).join(', ')} beside ${names[0]}`,
    `${size} of ${data.join(', ')}`,
    notes.length > 0 && section('Notes', html`<ul>${notes.map((note) => html`<li>${note}</li>`)}</ul>`),
    comparisonSections(comparison),
    html`<p class="note">rag ${version}</p>`,
  );
}
