import { expect, it } from 'vitest';
import { TokenizerError } from '../errors.js';
import { BoundedInterpreter } from './bounded-interpreter.js';
import { Environment, parse, tokenize } from './jinja.js';

function run(template: string, variables: Record<string, unknown> = {}): unknown {
  const environment = new Environment();
  for (const [name, value] of Object.entries(variables)) environment.set(name, value);
  return new BoundedInterpreter(environment).run(
    parse(tokenize(template, { lstrip_blocks: true, trim_blocks: true })),
  ).value;
}

it('has room for a long conversation', () => {
  const messages = Array.from({ length: 2000 }, (_, i) => ({ role: 'user', content: `${i} `.repeat(200) }));
  const template =
    "{% for m in messages %}{% if loop.first or messages[loop.index0 - 1].role == 'user' %}{{ m.role ~ m.content.split('1')[0].strip() }}{% endif %}{% endfor %}";
  expect(String(run(template, { messages })).length).toBeGreaterThan(2000);
  expect(String(run('{{ text | replace("a", "bb") }}', { text: 'a'.repeat(200_000) }))).toHaveLength(400_000);
});

it('counts steps, sizes and depth', () => {
  for (const template of [
    '{% for a in xs %}{% for b in xs %}{% for c in xs %}{% endfor %}{% endfor %}{% endfor %}',
    '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}',
    '{{ text | replace("a", text) }}',
  ])
    expect(() =>
      run(template, { xs: Array.from({ length: 1000 }, (_, i) => i), text: 'a'.repeat(100_000) }),
    ).toThrow(TokenizerError);
});

it('evaluates arguments once', () => {
  let calls = 0;
  const next = () => {
    calls += 1;
    return String(calls);
  };
  expect(run('{{ "1a" | replace(next(), "b") }}{{ "x".replace("x", next()) }}', { next })).toBe('ba2');
});
