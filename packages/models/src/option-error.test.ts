import { expect, test } from 'vitest';
import { ModelKindError, OptionError } from './option-error.js';

test('the parts of the message, apart from what only code can do', () => {
  const length = new OptionError('maxLength', 'expected 3 to 512, got 600', 'leave it out');
  expect(length).toBeInstanceOf(RangeError);
  expect(length.message).toBe('maxLength: expected 3 to 512, got 600 — leave it out');
  expect(length).toMatchObject({ option: 'maxLength', problem: 'expected 3 to 512, got 600' });
  expect(new OptionError('dim', 'expected 1, got 2').message).toBe('dim: expected 1, got 2');
  const kind = new ModelKindError('./bare', 'expected a reranker, got an encoder', 'pass newHead: true');
  expect(kind.message).toBe('./bare: expected a reranker, got an encoder — pass newHead: true');
  expect(kind).toMatchObject({ where: './bare', problem: 'expected a reranker, got an encoder' });
});
