/** The first place where a text stops being JSON. */
export interface JsonFault {
  /** Offset from 0, in UTF-16 code units. */
  readonly offset: number;
  readonly expected: string;
  readonly got: string;
}

type State = 'value' | 'first-element' | 'key' | 'first-key' | 'colon' | 'next' | 'end';

const expectedIn: Record<State, string> = {
  value: 'a JSON value',
  'first-element': 'a JSON value or "]"',
  key: 'a key in double quotes',
  'first-key': 'a key in double quotes or "}"',
  colon: '":"',
  next: '"," or the closing bracket',
  end: 'nothing after the value',
};

const blank = /[ \t\n\r]*/y;
const scalar = /(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)(?![\w.+-])/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these inside strings.
const stringBody = /[^"\\\u0000-\u001f]*/y;
const escapeSequence = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const token = /-?[\w.+]+|./suy;

function matchEnd(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

function describe(text: string, offset: number): string {
  if (offset >= text.length) return 'the end of the line';
  const found = text.slice(offset, matchEnd(token, text, offset));
  if (found.length > 24) return `${JSON.stringify(found.slice(0, 24))}…`;
  return JSON.stringify(found);
}

/** End of the string that opens at `start`, or where and how it breaks. */
function scanString(text: string, start: number): number | JsonFault {
  let offset = start + 1;
  for (;;) {
    offset = matchEnd(stringBody, text, offset);
    if (text[offset] === '"') return offset + 1;
    if (text[offset] === '\\') {
      const end = matchEnd(escapeSequence, text, offset);
      if (end < 0) {
        return { offset, expected: 'a JSON escape', got: JSON.stringify(text.slice(offset, offset + 2)) };
      }
      offset = end;
    } else {
      return { offset, expected: 'the closing quote of a string', got: describe(text, offset) };
    }
  }
}

/**
 * Finds where a text breaks the JSON grammar, or undefined when it does not.
 * `JSON.parse` decides what is accepted; engines differ in whether they say where it failed, this says it.
 * Source: RFC 8259.
 */
export function jsonFault(text: string): JsonFault | undefined {
  const open: ('{' | '[')[] = [];
  let state: State = 'value';
  let offset = 0;
  const closed = (): State => (open.length > 0 ? 'next' : 'end');
  for (;;) {
    offset = matchEnd(blank, text, offset);
    const fault = { offset, expected: expectedIn[state], got: describe(text, offset) };
    const char = text[offset];
    if (state === 'end') return char === undefined ? undefined : fault;
    const top = open.at(-1);
    const isKey: boolean = state === 'key' || state === 'first-key';
    if (state === 'colon') {
      if (char !== ':') return fault;
      state = 'value';
      offset++;
    } else if (state === 'next' && char === ',') {
      state = top === '{' ? 'key' : 'value';
      offset++;
    } else if (
      (char === '}' && top === '{' && (state === 'next' || state === 'first-key')) ||
      (char === ']' && top === '[' && (state === 'next' || state === 'first-element'))
    ) {
      open.pop();
      state = closed();
      offset++;
    } else if (state === 'next') {
      return fault;
    } else if (char === '"') {
      const end = scanString(text, offset);
      if (typeof end !== 'number') return end;
      offset = end;
      state = isKey ? 'colon' : closed();
    } else if (isKey) {
      return fault;
    } else if (char === '{' || char === '[') {
      open.push(char);
      state = char === '{' ? 'first-key' : 'first-element';
      offset++;
    } else {
      const end = matchEnd(scalar, text, offset);
      if (end < 0) return fault;
      offset = end;
      state = closed();
    }
  }
}
