import { expect, it } from 'vitest';
import { instructionPrompt } from './instruction-prompt.js';

const modelOf = (prompts: Record<string, string>) => ({ settings: { prompts } });

it('writes the task as the model spells it', () => {
  expect(instructionPrompt('Find $1 & $&')).toBe('Instruct: Find $1 & $&\nQuery: ');
  const qwen3 = modelOf({ document: '', query: 'Instruct: Given a web search query\nQuery:' });
  expect(instructionPrompt('Find it', qwen3)).toBe('Instruct: Find it\nQuery:');
  const e5 = modelOf({ sts_query: 'Instruct: Retrieve similar text.\nQuery: ' });
  expect(instructionPrompt('Find it', e5)).toBe('Instruct: Find it\nQuery: ');
  expect(instructionPrompt('Find it', modelOf({ query: 'query: ' }))).toBe('Instruct: Find it\nQuery: ');
});

it.each(['', ' ', 'a\nb', 3])('refuses %j', (task) => {
  expect(() => instructionPrompt(task as string)).toThrow('expected a task in one line');
});
