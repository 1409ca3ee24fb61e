import { expect, it } from 'vitest';
import { applyTemplate, createTemplates, specialCount } from './template.js';

const texts = { A: [7, 8], B: [9] };

it.each([
  ['BertProcessing', [1, 7, 8, 2, 9, 2], [0, 0, 0, 0, 1, 1]],
  ['RobertaProcessing', [1, 7, 8, 2, 2, 9, 2], [0, 0, 0, 0, 0, 0, 0]],
])('%s makes the pair of its family', (type, ids, typeIds) => {
  const { single, pair } = createTemplates({ type, cls: ['<c>', 1], sep: ['<s>', 2] });
  expect(applyTemplate(pair, texts)).toEqual({ input_ids: ids, token_type_ids: typeIds });
  expect(applyTemplate(single, texts).input_ids).toEqual([1, 7, 8, 2]);
  expect(specialCount(pair)).toBe(ids.length - 3);
  expect(applyTemplate(pair, texts, false).input_ids).toEqual([7, 8, 9]);
});

it('gives bare texts without a post-processor, and through ByteLevel', () => {
  const bytes = { type: 'Sequence', processors: [{ type: 'ByteLevel' }] };
  for (const config of [null, { type: 'ByteLevel' }, bytes])
    expect(applyTemplate(createTemplates(config).pair, texts)).toEqual({
      input_ids: [7, 8, 9],
      token_type_ids: [0, 0, 1],
    });
});

const special_tokens = { '<c>': { id: '<c>', ids: [1, 4], tokens: [] } };
const a = { Sequence: { id: 'A', type_id: 0 } };
const b = { Sequence: { id: 'B', type_id: 3 } };
const c = { SpecialToken: { id: '<c>', type_id: 2 } };

it('reads TemplateProcessing, specials of several ids included', () => {
  const { pair } = createTemplates({
    type: 'TemplateProcessing',
    single: [a],
    pair: [b, c, a],
    special_tokens,
  });
  expect(applyTemplate(pair, texts)).toEqual({ input_ids: [9, 1, 4, 7, 8], token_type_ids: [3, 2, 2, 0, 0] });
});

it.each([
  [
    { type: 'TemplateProcessing', single: [a], pair: [a], special_tokens },
    'pair: expected the texts A, B once each',
  ],
  [
    { type: 'TemplateProcessing', single: [a, a], pair: [a, b], special_tokens },
    'single: expected the texts A once each',
  ],
  [{ type: 'TemplateProcessing', single: [a, c], pair: [a, b] }, '"<c>": expected an object'],
  [{ type: 'TemplateProcessing', single: [{}], pair: [a, b] }, 'single[0]: expected an object'],
  [{ type: 'BertProcessing', cls: ['x', -1], sep: ['y', 2] }, 'cls: expected an integer'],
  [
    { type: 'Sequence', processors: [{ type: 'BertProcessing' }, { type: 'BertProcessing' }] },
    'one template',
  ],
  [{ type: 'Mystery' }, 'type: expected'],
])('refuses %j', (config, message) => {
  expect(() => createTemplates(config)).toThrow(message);
});
