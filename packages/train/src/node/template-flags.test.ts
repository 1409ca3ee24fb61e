import { Command } from 'commander';
import { expect, test } from 'vitest';
import { ConfigError } from '../config/config-error.js';
import {
  addTemplateFlags,
  type TemplateFlags,
  templateFlagNames,
  templateOptions,
} from './template-flags.js';

const parsed = (...args: string[]): TemplateFlags =>
  addTemplateFlags(new Command()).exitOverride().parse(args, { from: 'user' }).opts<TemplateFlags>();

test('flags become the options of a reranker', () => {
  expect(templateOptions({}).options).toEqual({});
  const flags = parsed(
    ...['--query_format', 'Q: {}', '--passage_instruction_for_rerank', 'B: ', '--seq', ''],
    ...['--special_token', '!', '--cutoff_layers', '28'],
  );
  expect(templateOptions(flags).options).toEqual({
    template: { query_format: 'Q: {}', document_format: 'B: {}', seq: '', special_token: '!' },
    cutoffLayer: 28,
  });
  const joined = parsed('--query_instruction_for_rerank', 'A', '--query_instruction_format', '{}: {}');
  expect(templateOptions(joined).options).toEqual({ template: { query_format: 'A: {}' } });
  expect(templateOptions(parsed('--prompt', 'Why?', '--sep_token', '|')).options).toEqual({
    instruction: 'Why?',
    template: { seq: '|' },
  });
});

test('what a model refuses is said under the flag that it came by', () => {
  const { names } = templateOptions({ query_instruction_for_rerank: 'A: ', sep_token: '|' });
  expect(names['template.query_format']).toBe('--query_instruction_for_rerank');
  expect(names['options.template.seq']).toBe('--sep_token');
  expect(templateOptions({ query_format: '{}' }).names['template.query_format']).toBe('--query_format');
});

test.each<[TemplateFlags, string]>([
  [{ seq: '', sep_token: '' }, '--sep_token: expected it or --seq, got both'],
  [{ query_format: 'Q' }, '--query_format: expected a text with one {} in the place of the query, got "Q"'],
  [
    { query_format: '{}', query_instruction_for_rerank: 'A' },
    '--query_instruction_for_rerank: expected it or query_format, got both',
  ],
  [
    { passage_instruction_format: '{}{}' },
    '--passage_instruction_format: expected --passage_instruction_for_rerank beside it, got none',
  ],
  [
    { query_instruction_for_rerank: 'A', query_instruction_format: '{}' },
    '--query_instruction_format: expected a text with two {}',
  ],
])('%j is refused', (flags, message) => {
  expect(() => templateOptions(flags)).toThrow(ConfigError);
  expect(() => templateOptions(flags)).toThrow(message);
});

test('a layer is a whole number, and every flag has its name', () => {
  expect(() => parsed('--cutoff_layers', '0')).toThrow('--cutoff_layers: expected');
  const options = addTemplateFlags(new Command()).options.map(({ long }) => long);
  expect(options).toEqual(templateFlagNames.map((name) => `--${name}`));
});
