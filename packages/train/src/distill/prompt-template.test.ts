import { expect, test } from 'vitest';
import { defaultAnswerPrompt, defaultJudgePrompt, promptTemplate } from './prompt-template.js';

test('texts are put in once, as they are', () => {
  const fill = promptTemplate('--prompt_file', '{"q": {query}} {content}{content} {other}');
  expect(fill({ query: '$& {content}', content: '{query}' })).toBe(
    '{"q": $& {content}} {query}{query} {other}',
  );
  for (const prompt of [defaultJudgePrompt, defaultAnswerPrompt])
    expect(promptTemplate('', prompt)({ query: 'QQ', content: 'CC' })).toMatch(/QQ.*CC|CC.*QQ/s);
});

test('a template without a place', () => {
  expect(() => promptTemplate('--prompt_file', 'Is {content} good?')).toThrow(
    '--prompt_file: expected the places {query} and {content}, got none for {query}',
  );
});
