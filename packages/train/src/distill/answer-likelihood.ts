import { isObject, readUsage } from './read-answer.js';
import type { Verdict } from './teacher.js';

/** What was asked of `/completions`. */
export interface EchoedPrompt {
  /** All of it, the answer at its end. */
  readonly prompt: string;
  readonly answer: string;
  readonly perToken: boolean;
}

/**
 * The sum of the log-probabilities of the answer's tokens in an echoed prompt. They are found from the end, by their texts:
 * servers count offsets in different units. A token that begins before the answer and reaches into it is one of them.
 */
export function answerLikelihood(
  reply: Readonly<Record<string, unknown>>,
  { prompt, answer, perToken }: EchoedPrompt,
): Verdict {
  const refuse = (expected: string, got: string): Verdict => ({
    fault: `expected ${expected}, got ${got}`,
    isFinal: true,
  });
  const misspelled = (spelled: string): Verdict =>
    refuse(
      'tokens that spell the answer',
      `${JSON.stringify(spelled.slice(0, 60))}: the server splits characters among tokens, or adds tokens`,
    );
  const choice: unknown = Array.isArray(reply.choices) ? reply.choices[0] : undefined;
  if (!isObject(choice)) return { fault: 'expected "choices" with a text, got none' };
  const { text, logprobs } = choice;
  if (typeof text !== 'string' || !text.startsWith(prompt))
    return refuse('the prompt echoed in "text"', 'another text: the server does not do "echo"');
  const { tokens, token_logprobs: values } = isObject(logprobs) ? logprobs : {};
  if (!Array.isArray(tokens) || !Array.isArray(values) || tokens.length !== values.length)
    return refuse('"tokens" and "token_logprobs" of one length', 'none: the server echoes no "logprobs"');
  const generated = readUsage(reply)?.completionTokens ?? (text.length > prompt.length ? 1 : 0);
  let [spelled, sum, count] = ['', 0, 0];
  for (let i = tokens.length - generated - 1; i >= 0 && spelled.length < answer.length; i--) {
    const [token, value]: unknown[] = [tokens[i], values[i]];
    if (typeof token !== 'string' || token === '')
      return refuse('a text for every token', JSON.stringify(token) ?? 'nothing');
    if (typeof value !== 'number' || !(value <= 1e-3))
      return refuse(`a log-probability for ${JSON.stringify(token)}`, JSON.stringify(value) ?? 'nothing');
    spelled = token + spelled;
    if (!prompt.endsWith(spelled)) return misspelled(spelled);
    sum += value;
    count++;
  }
  if (spelled.length < answer.length) return misspelled(spelled);
  return { score: perToken ? sum / count : sum };
}
