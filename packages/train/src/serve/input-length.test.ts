import { expect, test } from 'vitest';
import { tooLong, withinCharacters } from './input-length.js';

test('250 characters a token: cut, or refused without the text', () => {
  const long = 'x'.repeat(501);
  expect(withinCharacters('inputs', long, { maxTokens: 2, truncate: true })).toBe('x'.repeat(500));
  expect(withinCharacters('inputs', 'x'.repeat(500), { maxTokens: 2, truncate: false }).length).toBe(500);
  expect(() => withinCharacters('inputs', long, { maxTokens: 2, truncate: false })).toThrow(
    'inputs: expected at most 500 characters, got 501',
  );
  expect(tooLong('texts[1]', 8)).toMatchObject({ status: 422, type: 'validation' });
});
