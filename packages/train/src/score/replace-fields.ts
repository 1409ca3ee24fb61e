/** New values by key, as JSON values; undefined takes a key out. */
export type FieldChanges = Readonly<Record<string, unknown>>;

interface Member {
  readonly key: string;
  readonly from: number;
  readonly to: number;
}

/**
 * The text of a JSON object with some of its members replaced, taken out or, where they are not there, put at its end. All other
 * members keep their text, so that numbers beyond float64, such as ids of 19 digits, stay what they are.
 * @param text of one object that JSON.parse accepts
 */
export function replaceFields(text: string, changes: FieldChanges): string {
  const open = text.indexOf('{');
  const members = membersOf(text, open + 1);
  const written = new Set<string>();
  const parts: string[] = [];
  for (const { key, from, to } of members) {
    if (!Object.hasOwn(changes, key)) {
      parts.push(text.slice(from, to).trim());
      continue;
    }
    // Of a key that stands there twice JSON.parse takes the last: one with the new value says the same.
    if (changes[key] !== undefined && !written.has(key)) parts.push(member(key, changes[key]));
    written.add(key);
  }
  for (const [key, value] of Object.entries(changes))
    if (value !== undefined && !written.has(key)) parts.push(member(key, value));
  return `{${parts.join(', ')}}`;
}

const member = (key: string, value: unknown): string => `${JSON.stringify(key)}: ${JSON.stringify(value)}`;

/** The members behind the opening brace, in one pass over the text. */
function membersOf(text: string, begin: number): Member[] {
  const members: Member[] = [];
  let from = begin;
  let key: string | undefined;
  let depth = 0;
  for (let at = begin; at < text.length; at++) {
    const char = text[at]!;
    if (char === '"') {
      const end = stringEnd(text, at);
      if (depth === 0 && key === undefined) key = JSON.parse(text.slice(at, end)) as string;
      at = end - 1;
    } else if (char === '{' || char === '[') depth++;
    else if (depth > 0 && (char === '}' || char === ']')) depth--;
    else if (depth === 0 && (char === ',' || char === '}')) {
      if (key !== undefined) members.push({ key, from, to: at });
      if (char === '}') break;
      from = at + 1;
      key = undefined;
    }
  }
  return members;
}

/** Where the string that begins at a quote ends, behind its closing one. */
function stringEnd(text: string, quote: number): number {
  let at = quote + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}
