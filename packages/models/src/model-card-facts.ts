import type { FileSource } from './file-source.js';

/** The file of a model directory that says to people what it is: its model card. */
export const MODEL_CARD_FILE = 'README.md';

/** Whether a file of a model directory states its licence, which goes where the weights go. */
export const isLicenceFile = (name: string): boolean =>
  /^(licen[cs]e|notice|copying|use_policy)([._-][\w.-]*)?$/i.test(name);

/** What a card's front matter states and models made from it repeat (https://huggingface.co/docs/hub/model-cards). */
export interface ModelCardFacts {
  /** An SPDX-like name, or `other`, which the next two explain. */
  readonly license?: string;
  readonly license_name?: string;
  readonly license_link?: string;
  /** ISO 639 codes, `multilingual`. */
  readonly language: readonly string[];
}

const SCALARS = ['license', 'license_name', 'license_link'] as const;

/** Bytes of a card that are looked at: front matter comes first, and lists thousands of results at times. */
const LOOKED_AT = 1 << 22;

/**
 * Reads the lines `license`, `license_name`, `license_link` and `language` of a card's front matter, YAML between two lines of `---`: only
 * keys of its outermost level, values of one line or one list. Whatever else the card holds is not looked at.
 */
export function readModelCardFacts(card: string): ModelCardFacts {
  const matter = matterOf(card);
  const facts: { [Key in (typeof SCALARS)[number]]?: string } = {};
  for (const key of SCALARS) {
    const value = itemsOf(matter, key)[0];
    if (value !== undefined) facts[key] = value;
  }
  return { ...facts, language: itemsOf(matter, 'language') };
}

/** Reads the model card of a directory, if there is one; only its first 4 MiB. */
export async function modelCardFacts(source: FileSource): Promise<ModelCardFacts | undefined> {
  const text = await cardText(source);
  return text === undefined ? undefined : readModelCardFacts(text);
}

/** What a directory's card states, and the names in its `base_model`; nothing without a card. */
export async function readCard(
  source: FileSource,
): Promise<{ readonly facts: ModelCardFacts; readonly baseModels: readonly string[] }> {
  const text = await cardText(source);
  return { facts: readModelCardFacts(text ?? ''), baseModels: itemsOf(matterOf(text ?? ''), 'base_model') };
}

async function cardText(source: FileSource): Promise<string | undefined> {
  if (!(await source.list()).includes(MODEL_CARD_FILE)) return undefined;
  const bytes = await source.read(
    MODEL_CARD_FILE,
    0,
    Math.min(await source.size(MODEL_CARD_FILE), LOOKED_AT),
  );
  return new TextDecoder().decode(bytes);
}

/** The lines of a card's front matter. */
function matterOf(card: string): readonly string[] {
  const lines = card.split(/\r?\n/);
  const end = lines.indexOf('---', 1);
  return lines[0] !== '---' || end < 0 ? [] : lines.slice(1, end);
}

/** `key: a`, `key: [a, b]`, or `key:` with lines `- a` below it; none where the key is absent or empty. */
function itemsOf(matter: readonly string[], key: string): string[] {
  const at = matter.findIndex((line) => line.startsWith(`${key}:`));
  if (at < 0) return [];
  const rest = matter[at]!.slice(key.length + 1).trim();
  if (rest.startsWith('['))
    return rest
      .slice(1, rest.includes(']') ? rest.indexOf(']') : rest.length)
      .split(',')
      .flatMap(plain);
  if (rest !== '') return plain(rest);
  const items: string[] = [];
  for (const line of matter.slice(at + 1)) {
    const [, item] = /^\s*-\s+(\S.*)$/.exec(line) ?? [];
    if (item === undefined) break;
    items.push(...plain(item));
  }
  return items;
}

/** A scalar without its quotes and comment; nothing for an empty one, an anchor or a nested value. */
function plain(text: string): string[] {
  const [, double, single] = /^(?:"([^"]*)"|'([^']*)')/.exec(text.trim()) ?? [];
  const value = (double ?? single ?? withoutComment(text)).trim();
  return value === '' || /^[{[&*|>!]/.test(value) || ['null', '~'].includes(value) ? [] : [value];
}

/** Up to the first `#` that follows white space. */
function withoutComment(text: string): string {
  const at = text.search(/\s#/);
  return at < 0 ? text : text.slice(0, at);
}
