import type { JinjaValue } from './jinja.js';

const isMap = (value: unknown): value is Map<string, JinjaValue> => value instanceof Map;

/** What Python prints for a value of a template, which is not always what JavaScript does: `True`, `None`, `['a']`. */
export function pythonText(value: JinjaValue): string {
  if (value.type === 'StringValue') return value.value as string;
  if (value.type === 'UndefinedValue') return '';
  return represent(value);
}

/** Python's `repr`. */
function represent(value: JinjaValue): string {
  switch (value.type) {
    case 'StringValue':
      return quoted(value.value as string);
    case 'BooleanValue':
      return value.value ? 'True' : 'False';
    case 'NullValue':
      return 'None';
    case 'UndefinedValue':
      return 'Undefined';
    case 'ArrayValue':
      return `[${(value.value as JinjaValue[]).map(represent).join(', ')}]`;
    case 'TupleValue': {
      const items = (value.value as JinjaValue[]).map(represent);
      return items.length === 1 ? `(${items[0]},)` : `(${items.join(', ')})`;
    }
    case 'IntegerValue':
    case 'FloatValue':
      return String(value);
    default:
      if (value.type === 'ObjectValue' && isMap(value.value))
        return `{${[...value.value].map(([key, item]) => `${quoted(key)}: ${represent(item)}`).join(', ')}}`;
      throw new Error(`expected text, a number, a list or a mapping to print, got a ${value.type}`);
  }
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(/[\\\n\r\t]|\p{Cc}/gu, (char) => {
    return ESCAPES[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `${quote}${escaped.replaceAll(quote, `\\${quote}`)}${quote}`;
}

const isNumber = (value: JinjaValue) => ['IntegerValue', 'FloatValue', 'BooleanValue'].includes(value.type);

/** Python's `==`: values of different kinds differ, where JavaScript's `"1" == 1`. */
export function equal(a: JinjaValue, b: JinjaValue): boolean {
  if (isNumber(a) && isNumber(b)) return Number(a.value) === Number(b.value);
  if (a.type !== b.type) return false;
  if (a.type === 'StringValue') return a.value === b.value;
  if (a.type === 'ArrayValue' || a.type === 'TupleValue') {
    const [left, right] = [a.value as JinjaValue[], b.value as JinjaValue[]];
    return left.length === right.length && left.every((item, i) => equal(item, right[i]!));
  }
  if (a.type === 'ObjectValue' && isMap(a.value) && isMap(b.value)) {
    const right = b.value;
    return (
      a.value.size === right.size &&
      [...a.value].every(([key, item]) => right.has(key) && equal(item, right.get(key)!))
    );
  }
  return a.type === 'NullValue' || a.type === 'UndefinedValue' || a === b;
}

const SPACE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const SPACES_AT_START = new RegExp(`^[${SPACE}]+`);
const SPACES_AT_END = new RegExp(`(?<![${SPACE}])[${SPACE}]+$`);

/** Python's `str.strip`, `lstrip` and `rstrip`: of `chars`, or of what Python holds for white space. */
export function strip(text: string, side: string, chars?: string): string {
  if (chars === undefined) {
    const start = side === 'rstrip' ? text : text.replace(SPACES_AT_START, '');
    return side === 'lstrip' ? start : start.replace(SPACES_AT_END, '');
  }
  const set = new Set(chars);
  const points = [...text];
  let [from, to] = [0, points.length];
  if (side !== 'rstrip') while (from < to && set.has(points[from]!)) from += 1;
  if (side !== 'lstrip') while (to > from && set.has(points[to - 1]!)) to -= 1;
  return points.slice(from, to).join('');
}
