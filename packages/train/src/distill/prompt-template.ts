import { ConfigError } from '../config/config-error.js';
import type { TeacherPair } from './teacher.js';

/** What a template's places are called. */
const places = /\{(query|content)\}/g;

/** The question to a chat model about a passage. */
export const defaultJudgePrompt = `Does the passage answer the question? Reply with one word, yes or no.

Question: {query}

Passage: {content}`;

/** What stands before an answer whose likelihood is taken; a blank and the answer follow. */
export const defaultAnswerPrompt = `{content}

Question: {query}
Answer:`;

/**
 * Reads a template with the places `{query}` and `{content}`, each at least once; other braces stand for themselves.
 * @param where what errors call it
 * @throws ConfigError
 */
export function promptTemplate(where: string, template: string): (pair: TeacherPair) => string {
  for (const name of ['query', 'content'])
    if (!template.includes(`{${name}}`))
      throw new ConfigError(
        where,
        undefined,
        `expected the places {query} and {content}, got none for {${name}} — write it where the text belongs`,
      );
  // Once over the template: a passage that holds "{query}" is no template.
  return (pair) => template.replace(places, (_, name: 'query' | 'content') => pair[name]);
}
