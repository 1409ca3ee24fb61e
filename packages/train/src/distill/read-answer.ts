import type { TokenUsage } from './teacher.js';

/** Whether JSON is an object. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `usage` of an OpenAI answer; undefined where it does not hold whole numbers from 0. */
export function readUsage(answer: Readonly<Record<string, unknown>>): TokenUsage | undefined {
  if (!isObject(answer.usage)) return undefined;
  const { prompt_tokens: promptTokens, completion_tokens: completionTokens = 0 } = answer.usage;
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  return isCount(promptTokens) && isCount(completionTokens) ? { promptTokens, completionTokens } : undefined;
}
