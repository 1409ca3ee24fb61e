import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { renderChatTemplate } from './render-chat-template.js';

/** A file that scripts/golden/text-chat-templates.py wrote with transformers. */
const golden = JSON.parse(
  readFileSync(new URL('../fixtures/chat-templates.json', import.meta.url), 'utf8'),
) as {
  templates: Record<string, string>;
  cases: { template: string; variables: Record<string, unknown>; text?: string; raised?: string }[];
};

it.each(golden.cases.map((entry, i) => [i, entry.template, entry] as const))(
  'case %i: %s, as transformers renders it',
  (_, name, { variables, text, raised }) => {
    const render = () => renderChatTemplate(golden.templates[name]!, variables);
    if (raised !== undefined)
      expect(render).toThrow(`expected messages that the template accepts, got ${raised} — `);
    else expect(render()).toBe(text);
  },
);

const grown =
  '{% set s = namespace(a="xxxxxxxx") %}{% for i in range(18) %}{% set s.a = s.a ~ s.a %}{% endfor %}';

it.each([
  ['{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}', 'too many steps'],
  [
    '{% for i in range(100000) %}{% for j in range(1000) %}{{ a.b }}{% endfor %}{% endfor %}',
    'too many steps',
  ],
  ['{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}', 'calls itself too often'],
  [
    '{% macro f(x) %}{% if x %}{{ f(x - 1) }}{{ f(x - 1) }}{% endif %}{% endmacro %}{{ f(60) }}',
    'too many steps',
  ],
  [
    '{% set s = namespace(a="x") %}{% for i in range(99) %}{% set s.a = s.a ~ s.a %}{% endfor %}',
    'too large',
  ],
  [
    '{% set s = namespace(a=[1]) %}{% for i in range(99) %}{% set s.a = [s.a, s.a] %}{% endfor %}{{ s.a|tojson }}',
    'too large',
  ],
  ['{% set s = namespace(a=[1]) %}{% for i in range(99) %}{% set s.a = [s.a] %}{% endfor %}', 'too deep'],
  ['{% set s = namespace() %}{% set s.a = s %}{{ s }}', 'keeps a namespace in a value'],
  [`${grown}{{ s.a.replace("", s.a) }}`, 'too long'],
  [`${grown}{{ s.a|replace("x", s.a) }}`, 'too long'],
  [`${grown}{{ ("b" ~ s.a) in (s.a ~ "b") }}`, 'too many steps'],
  [`${grown}{% for i in range(99) %}{{ s.a[0:1] }}{% endfor %}`, 'too many steps'],
  ['{{ "a\\nb"|indent(1000000000) }}', 'too long'],
  ['{{ range(1000000000) }}', 'at most 100000'],
  [`{{ ${'('.repeat(50_000)} }}`, 'nested too deep'],
  ['{% if true %}'.repeat(5000) + '{% endif %}'.repeat(5000), 'nested too deep'],
  [`{{ 1 }}${' '.repeat(100_000)}{% if`, 'less than 500 spaces'],
  ['x'.repeat(300_000), 'at most 262144 characters'],
  ['{% for i in [1, 2] %}a{% break %}{% endfor %}', 'break and continue before the body of a loop prints'],
  ['{{ "a" + 1 }}', 'two texts to join'],
  ['{% if %}', 'a template that renders these messages'],
])('a hostile or broken template ends with an error: %.60s', (template, message) => {
  expect(() => renderChatTemplate(template, { messages: [] })).toThrow(message);
});

it('shows a template its variables and nothing of JavaScript', () => {
  const template =
    '{{ x.__proto__ }}{{ x["constructor"] }}{{ "".constructor }}{{ x.a.constructor }}{{ [].map }}|{{ globalThis }}';
  expect(renderChatTemplate(template, { x: { a: 1 } })).toBe('|');
  expect(renderChatTemplate('{{ __proto__ }}{{ toString }}', {})).toBe('');
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  expect(() => renderChatTemplate('{{ x }}', { x: cyclic })).toThrow('nested too deep');
});

it('a caller can set the clock', () => {
  const template = '{{ strftime_now("%d %B %Y") }}';
  expect(renderChatTemplate(template, {})).toMatch(/^\d\d [A-Z][a-z]+ \d{4}$/);
  expect(renderChatTemplate(template, { strftime_now: () => 'then' })).toBe('then');
  expect(() => renderChatTemplate('{{ strftime_now("%Q") }}', {})).toThrow('got %Q');
});
