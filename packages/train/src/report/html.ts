/** Text that is HTML already; everything else is escaped where it is put into a page. */
export interface Html {
  readonly [markup]: string;
}

const markup = Symbol('markup');

/** What may stand in a template; `undefined` and `false` are nothing. */
export type Content = Html | string | number | false | undefined | readonly Content[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for elements and quoted attributes. Control characters and halves of surrogate pairs, which HTML may not hold, become U+FFFD. */
export const escapeText = (text: string): string =>
  text.replace(/[^\P{Cc}\n\t]|\p{Cs}/gu, '\ufffd').replace(/[&<>"']/g, (character) => entities[character]!);

/** A template of HTML: what it is given is escaped, unless it came of such a template. Attributes must be in quotes. */
export const html = (strings: TemplateStringsArray, ...values: readonly Content[]): Html => ({
  [markup]: strings.map((part, i) => part + (i < values.length ? render(values[i]) : '')).join(''),
});

/** What a template gave, as text. */
export const htmlText = (content: Html): string => content[markup];

function render(content: Content): string {
  if (content === undefined || content === false) return '';
  if (typeof content === 'string') return escapeText(content);
  if (typeof content === 'number') return String(content);
  return Array.isArray(content) ? content.map(render).join('') : (content as Html)[markup];
}

/** A text of data: its own direction, and apart from what stands beside it. */
export const quoted = (text: string): Html => html`<bdi class="text">${text}</bdi>`;
