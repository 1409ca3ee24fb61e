import { expect, test } from 'vitest';
import {
  bgeTemplate,
  fill,
  qwen3Template,
  readPairTemplate,
  SCALAR_TEMPLATE,
  withInstruction,
} from './pair-template.js';

test('given fields are laid over a template', () => {
  expect(readPairTemplate({ seq: '\n' }, SCALAR_TEMPLATE, 'template')).toEqual({
    ...SCALAR_TEMPLATE,
    seq: '\n',
  });
});

test.each([
  [
    { sep: '\n' },
    'template.sep: expected one of before, query_format, seq, document_format, special_token or joint, got "sep" — correct its name',
  ],
  [{ seq: 1 }, 'template.seq: expected a string, got 1 — correct it'],
  [{ joint: 'yes' }, 'template.joint: expected a boolean, got "yes" — correct it'],
  [
    { query_format: 'query' },
    'template.query_format: expected a text with one {} in the place of the query, got "query" — write it as "query: {}"',
  ],
  [
    { document_format: '{} {}' },
    'template.document_format: expected a text with one {} in the place of the passage, got "{} {}" — write it as "query: {}"',
  ],
  [
    'query',
    'template: expected an object of before, query_format, seq, document_format, special_token and joint — give one',
  ],
])('%j is refused', (given, message) => {
  expect(() => readPairTemplate(given, SCALAR_TEMPLATE, 'template')).toThrow(message);
});

test("FlagEmbedding's pairs end in the question, Qwen3's in an answer without thinking", () => {
  expect(bgeTemplate('Why?')).toMatchObject({
    query_format: 'A: {}',
    document_format: 'B: {}',
    special_token: '\nWhy?',
  });
  const { before, query_format, special_token } = qwen3Template('Find it');
  expect(before.startsWith('<|im_start|>system\n')).toBe(true);
  expect(query_format).toBe('<Instruct>: Find it\n<Query>: {}');
  expect(special_token.endsWith('<think>\n\n</think>\n\n')).toBe(true);
});

test("an instruction with a query's place is refused", () => {
  expect(() => qwen3Template('answer as {}')).toThrow(
    'instruction: expected a text without {}, the place of the query behind it, got "answer as {}"',
  );
});

test.each([
  ['FlagEmbedding', bgeTemplate],
  ['Qwen3', qwen3Template],
] as const)("%s: another instruction stands in the place of the family's, and nowhere else", (_, family) => {
  expect(withInstruction(family('Old one'), family, 'New $& one')).toEqual(family('New $& one'));
  const other = { ...family(), seq: ' | ' };
  expect(() => withInstruction(other, family, 'New')).toThrow(
    'instruction: expected a model that writes pairs as its family does, got one whose files state another template',
  );
});

test('an instruction and the text that holds it are one too many', () => {
  expect(() => withInstruction(bgeTemplate(), bgeTemplate, 'New', { special_token: '!' })).toThrow(
    'instruction: expected it or special_token, got both — write the instruction into special_token',
  );
  expect(withInstruction(bgeTemplate(), bgeTemplate, 'New', { seq: '!' }).special_token).toBe('\nNew');
});

test('a text stands in the place of the braces, whatever it holds', () => {
  expect(fill('A: {}!', '$& {}')).toBe('A: $& {}!');
});
