import { expect, test } from 'vitest';
import { embedRequest, openaiRequest, readRequest, rerankRequest } from './request-shapes.js';

test('defaults, nulls and unknown fields', () => {
  expect(
    readRequest(embedRequest, { inputs: 'a', truncate: null, dimensions: null, other: 1 }),
  ).toMatchObject({
    inputs: ['a'],
    normalize: true,
    truncate: undefined,
    dimensions: undefined,
  });
  expect(readRequest(rerankRequest, { query: 'q', texts: ['a'] })).toMatchObject({
    raw_scores: false,
    return_text: false,
  });
  expect(readRequest(openaiRequest, { input: ['a'], model: 'm' }).encoding_format).toBe('float');
});

test.each([
  [embedRequest, null, 'body: '],
  [embedRequest, { inputs: ['a', 2] }, 'inputs: expected a text, or a list of texts'],
  [embedRequest, { inputs: [[1, 2]] }, 'inputs: expected texts, got token ids'],
  [embedRequest, { inputs: 'a', normalize: 'yes' }, 'normalize: expected boolean'],
  [embedRequest, { inputs: 'a', dimensions: 0 }, 'dimensions: '],
  [openaiRequest, { input: 'a', encoding_format: 'hex' }, 'encoding_format: '],
  [rerankRequest, { query: 'q', texts: ['a', 'a secret', 3] }, 'texts.2: expected string'],
])('case %#', (shape, body, message) => {
  const read = () => readRequest(shape, body);
  expect(read).toThrow(message);
  expect(read).not.toThrow('secret');
});
