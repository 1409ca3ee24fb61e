import { mutateBytes } from './mutate-bytes.js';
import { pick, type Random } from './random.js';

interface Span {
  readonly begin: number;
  readonly end: number;
}

/** Where the values and the members (`"key": value`) of a JSON text stand. */
function spansOf(json: string): { values: Span[]; keys: Span[]; members: Span[] } {
  const values: Span[] = [];
  const keys: Span[] = [];
  const members: Span[] = [];
  const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;
  /** Open brackets, and the keys that wait for their value to end. */
  const open: { begin: number; key: Span | undefined }[] = [];
  let key: Span | undefined;
  let last: Span | undefined;
  const close = (value: Span, of: Span | undefined) => {
    values.push(value);
    if (of) members.push({ begin: of.begin, end: value.end });
  };
  for (const match of json.matchAll(token)) {
    const span = { begin: match.index, end: match.index + match[0].length };
    switch (match[0]) {
      case '{':
      case '[':
        open.push({ begin: span.begin, key });
        key = undefined;
        break;
      case '}':
      case ']': {
        const opened = open.pop();
        if (opened) close({ begin: opened.begin, end: span.end }, opened.key);
        break;
      }
      case ':':
        // What was taken for a value is a key.
        key = values.pop() && last;
        if (key) keys.push(key);
        break;
      case ',':
        break;
      default:
        close(span, key);
        key = undefined;
    }
    last = span;
  }
  return { values, keys, members };
}

const deep = (depth: number, open: string, close: string, inner = '') =>
  open.repeat(depth) + inner + close.repeat(depth);

/** Values that readers do not expect. */
const LITERALS: readonly ((random: Random) => string)[] = [
  ...['null', 'true', 'false', '0', '-1', '1', '0.5', '-0', '1e308', '1e999', '-1e308', '2147483648'],
  ...['9007199254740991', '9007199254740993', '1e21', '4294967296', '""', '" "', '"x"', '"\\ud800"'],
  ...['"\\u0000"', '"__proto__"', '"constructor"', '"../../etc/passwd"', '"/etc/passwd"', '"a\\\\b"'],
  ...[
    '[]',
    '{}',
    '[[]]',
    '[null]',
    '[0]',
    '[0,0]',
    '{"__proto__":null}',
    '{"type":"Sequence"}',
    'NaN',
    "'x'",
  ],
].map((literal) => () => literal);

const LARGE: readonly ((random: Random) => string)[] = [
  (random) => String(random(2 ** 31)),
  (random) => JSON.stringify('x'.repeat(1 + random(100_000))),
  (random) => `[${'0,'.repeat(random(20_000))}0]`,
  (random) => deep(1 + random(20_000), '[', ']'),
  (random) => deep(1 + random(20_000), '{"a":', '}', '1'),
  (random) => deep(1 + random(20), '{"type":"Sequence","normalizers":[', ']}'),
];

/**
 * A JSON text with one to three faults: values replaced by others, moved, nested thousands deep or left out, keys twice, renamed or
 * dangerous, numbers out of all bounds, and now and then damaged bytes.
 */
export function mutateJson(json: string, random: Random): string {
  let text = json;
  for (let i = random(3); i >= 0; i--) text = mutateOnce(text, random);
  return text;
}

function mutateOnce(json: string, random: Random): string {
  const { values, keys, members } = spansOf(json);
  const replace = ({ begin, end }: Span, by: string) => json.slice(0, begin) + by + json.slice(end);
  const textOf = ({ begin, end }: Span) => json.slice(begin, end);
  const literal = () => pick(random, random(4) === 0 ? LARGE : LITERALS)(random);
  if (values.length === 0 || random(8) === 0) {
    const bytes = mutateBytes(new TextEncoder().encode(json), random);
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  }
  const value = pick(random, values);
  const member = members.length > 0 ? pick(random, members) : value;
  const key = keys.length > 0 ? pick(random, keys) : value;
  switch (random(9)) {
    case 0:
    case 1:
      return replace(value, literal());
    case 2:
      return replace(value, textOf(pick(random, values)));
    case 3:
      return replace(member, `${textOf(member)},${textOf(member)}`);
    case 4:
      return replace(member, `${textOf(member)},"__proto__":${literal()}`);
    case 5:
      return replace(
        key,
        pick(random, [textOf(pick(random, keys.length > 0 ? keys : [key])), '"__proto__"', '""']),
      );
    case 6: {
      // Left out, with the comma before or after it.
      const after = /^\s*,/.exec(json.slice(member.end))?.[0].length ?? 0;
      const before = after > 0 ? 0 : (/,\s*$/.exec(json.slice(0, member.begin))?.[0].length ?? 0);
      return replace({ begin: member.begin - before, end: member.end + after }, '');
    }
    case 7: {
      const depth = 1 + random(pick(random, [3, 200, 20_000]));
      return replace(value, deep(depth, '[', ']', textOf(value)));
    }
    default: {
      const number = /^-?\d+$/.test(textOf(value)) ? Number(textOf(value)) : random(1000);
      return replace(value, String(number + pick(random, [1, -1, 2 ** 31, -(2 ** 31), 2 ** 52])));
    }
  }
}
