import { isObject, readUsage } from './read-answer.js';
import type { Verdict } from './teacher.js';

/** How a chat model's answer becomes a score in [0, 1]. */
export type AnswerForm =
  | {
      readonly kind: 'labels';
      /** What it may answer, in lower case, with the score of each: `yes` 1, `no` 0. */
      readonly labels: ReadonlyMap<string, number>;
      /** Whether the probabilities of the labels are read: `auto` where the server gives them. */
      readonly logprobs: 'auto' | 'required' | 'none';
    }
  | { readonly kind: 'number'; readonly low: number; readonly high: number };

/** Share of the probability that labels must have together, and that a list may leave unnamed. */
const [leastMass, mostUnlisted] = [0.5, 0.1];

/**
 * Reads the score out of an answer of `/chat/completions`. With labels and log-probabilities it is the mean of the labels' scores
 * under the first token that is not blank, of yes and no P(yes) / (P(yes) + P(no)); else the score of the label that the text is.
 * Of a range it is the number that the text is, low as 0 and high as 1. A text is compared without blanks around it, a full stop
 * at its end and letter case, and nothing is guessed.
 */
export function readVerdict(answer: Readonly<Record<string, unknown>>, form: AnswerForm): Verdict {
  const usage = readUsage(answer);
  const choice: unknown = Array.isArray(answer.choices) ? answer.choices[0] : undefined;
  const verdict = isObject(choice)
    ? ofChoice(choice, form)
    : { fault: `expected "choices" with an answer, got ${shown(answer)}` };
  return { ...verdict, ...(usage && { usage }) };
}

function ofChoice(choice: Readonly<Record<string, unknown>>, form: AnswerForm): Verdict {
  if (form.kind === 'labels' && form.logprobs !== 'none') {
    const tokens = firstTokens(choice.logprobs);
    if (tokens !== undefined) return ofProbabilities(tokens, form.labels);
    if (form.logprobs === 'required')
      return { fault: 'expected "logprobs" with "top_logprobs", got none', isFinal: true };
  }
  const text = isObject(choice.message) ? choice.message.content : undefined;
  if (typeof text !== 'string') return { fault: `expected a text, got ${shown(choice.message)}` };
  return form.kind === 'labels' ? ofLabel(text, form.labels) : ofNumber(text, form);
}

const normalized = (text: string): string =>
  text
    .trim()
    .replace(/[.。]$/, '')
    .toLowerCase();

function ofLabel(text: string, labels: ReadonlyMap<string, number>): Verdict {
  const score = labels.get(normalized(text));
  if (score !== undefined) return { score, by: 'text' };
  return { fault: `expected ${[...labels.keys()].join(' or ')}, got ${shown(text)}` };
}

function ofNumber(text: string, { low, high }: { readonly low: number; readonly high: number }): Verdict {
  const digits = normalized(text);
  const value = /^[+-]?\d+(\.\d+)?$/.test(digits) ? Number(digits) : Number.NaN;
  if (value >= low && value <= high) return { score: (value - low) / (high - low), by: 'text' };
  return { fault: `expected a number from ${low} to ${high}, got ${shown(text)}` };
}

interface TokenChance {
  readonly token: string;
  readonly probability: number;
}

/** The alternatives of the first token that is not blank; undefined where the server gives none. */
function firstTokens(logprobs: unknown): readonly TokenChance[] | undefined {
  if (!isObject(logprobs) || !Array.isArray(logprobs.content)) return undefined;
  const first: unknown = logprobs.content.find(
    (entry) => isObject(entry) && typeof entry.token === 'string' && entry.token.trim() !== '',
  );
  if (!isObject(first) || !Array.isArray(first.top_logprobs) || first.top_logprobs.length === 0)
    return undefined;
  return first.top_logprobs.map((entry: unknown): TokenChance => {
    const { token, logprob } = isObject(entry) ? entry : {};
    const probability = typeof logprob === 'number' ? Math.exp(logprob) : Number.NaN;
    return { token: typeof token === 'string' ? token : '', probability };
  });
}

function ofProbabilities(tokens: readonly TokenChance[], labels: ReadonlyMap<string, number>): Verdict {
  let [mass, total, listed] = [0, 0, 0];
  const found = new Set<string>();
  for (const { token, probability } of tokens) {
    // Servers round: a logprob of 0 comes as 1e-6.
    if (!(probability >= 0 && probability < 1.001))
      return { fault: `expected log-probabilities up to 0, got another for ${shown(token)}` };
    listed += probability;
    const label = normalized(token);
    const score = labels.get(label);
    if (score === undefined) continue;
    found.add(label);
    mass += probability;
    total += probability * score;
  }
  const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
  if (mass < leastMass)
    return {
      fault: `expected ${[...labels.keys()].join(' or ')} as the first token, got them with ${percent(mass)} of the probability, ${shown(tokens[0]?.token)} first`,
    };
  const missing = [...labels.keys()].filter((label) => !found.has(label));
  if (missing.length > 0 && 1 - listed > mostUnlisted)
    return {
      fault: `expected the probability of ${missing.join(' and ')}, got ${percent(1 - listed)} without a name`,
      isFinal: true,
    };
  return { score: total / mass, by: 'logprobs' };
}

const shown = (value: unknown): string => JSON.stringify(value)?.slice(0, 80) ?? 'nothing';
