import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { ConfigError } from '../config/config-error.js';
import { choice, nonNegativeNumber, positiveNumber, text, wholeNumber } from '../config/kind.js';
import { chatTeacher } from '../distill/chat-teacher.js';
import type { CostOptions } from '../distill/cost-meter.js';
import { openEndpoint } from '../distill/endpoint.js';
import { likelihoodTeacher } from '../distill/likelihood-teacher.js';
import type { AnswerForm } from '../distill/read-verdict.js';
import { secretOf } from '../distill/secret.js';
import type { Teacher } from '../distill/teacher.js';
import { flagParser } from './flag-parser.js';

/** The flags of a teacher behind an endpoint. */
export interface EndpointFlags {
  readonly endpoint?: string;
  readonly teacher_model?: string;
  readonly api_key_env?: string;
  readonly likelihood?: boolean;
  readonly per_token?: boolean;
  readonly prompt_file?: string;
  readonly answers?: readonly string[];
  readonly answer_range?: readonly string[];
  readonly logprobs: 'auto' | 'required' | 'none';
  readonly top_logprobs: number;
  readonly request?: string;
  readonly concurrency: number;
  readonly timeout: number;
  readonly price_prompt?: number;
  readonly price_completion?: number;
  readonly max_cost?: number;
}

/** Adds them to a command. */
export function addEndpointFlags(command: Command): Command {
  const count = (name: string) => flagParser(name, wholeNumber(1));
  return command
    .option(
      '--endpoint <url>',
      'an OpenAI-compatible server, such as http://127.0.0.1:8000/v1',
      flagParser('--endpoint', text),
    )
    .option(
      '--teacher_model <name>',
      'the model, as the server calls it',
      flagParser('--teacher_model', text),
    )
    .option(
      '--api_key_env <variable>',
      'environment variable that holds the API key',
      flagParser('--api_key_env', text),
    )
    .option('--likelihood', 'score by log P(answer | passage, query), by the row’s "answer" (REPLUG)')
    .option('--per_token', 'divide it by the number of the answer’s tokens')
    .option(
      '--prompt_file <file>',
      'the prompt, with the places {query} and {content}',
      flagParser('--prompt_file', text),
    )
    .option('--answers <label=score...>', 'what the model may answer; without it yes=1 no=0')
    .option('--answer_range <low high...>', 'it answers with a number in this range, which becomes 0 to 1')
    .option(
      '--logprobs <way>',
      'probabilities of the answers: auto (where the server gives them), required, none (the text)',
      flagParser('--logprobs', choice(['auto', 'required', 'none'])),
      'auto',
    )
    .option('--top_logprobs <n>', 'alternatives per token that are asked for', count('--top_logprobs'), 20)
    .option('--request <json>', 'more fields of each request', flagParser('--request', text))
    .option('--concurrency <n>', 'requests at once', count('--concurrency'), 8)
    .option('--timeout <seconds>', 'of a request', flagParser('--timeout', positiveNumber), 120)
    .option(
      '--price_prompt <n>',
      'price of a million tokens of prompts',
      flagParser('--price_prompt', nonNegativeNumber),
    )
    .option(
      '--price_completion <n>',
      'price of a million tokens of answers',
      flagParser('--price_completion', nonNegativeNumber),
    )
    .option(
      '--max_cost <n>',
      'stop before all requests together, kept ones included, cost more',
      flagParser('--max_cost', nonNegativeNumber),
    );
}

/** The teacher that they say. @throws ConfigError */
export async function endpointTeacher(
  flags: EndpointFlags,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Teacher> {
  const {
    endpoint: url,
    teacher_model: model,
    api_key_env: variable,
    prompt_file: file,
    concurrency,
  } = flags;
  if (url === undefined || model === undefined)
    throw new ConfigError(
      '--teacher_model',
      undefined,
      'expected the name of a model on the server, got none',
    );
  const endpoint = openEndpoint({
    endpoint: url,
    timeout: flags.timeout * 1000,
    ...(variable !== undefined && { secret: secretOf(variable, environment[variable]) }),
  });
  const served = {
    model,
    concurrency,
    ...(file !== undefined && { prompt: await readPrompt(file) }),
    ...(flags.request !== undefined && { body: parseRequest(flags.request) }),
  };
  if (!flags.likelihood) {
    if (flags.per_token)
      throw new ConfigError('--per_token', undefined, 'expected --likelihood beside it, got none');
    return chatTeacher(endpoint, { ...served, answer: answerForm(flags), topLogprobs: flags.top_logprobs });
  }
  if (flags.answers || flags.answer_range)
    throw new ConfigError(
      '--likelihood',
      undefined,
      'expected no --answers and --answer_range, got them — leave them out',
    );
  return likelihoodTeacher(endpoint, { ...served, ...(flags.per_token && { perToken: true }) });
}

/** What tokens cost. @throws ConfigError for a limit without prices */
export function costOptions({
  price_prompt,
  price_completion,
  max_cost,
}: EndpointFlags): CostOptions | undefined {
  if (max_cost !== undefined && (price_prompt === undefined || price_completion === undefined))
    throw new ConfigError(
      '--max_cost',
      undefined,
      'expected --price_prompt and --price_completion beside it, got not both',
    );
  if (price_prompt === undefined && price_completion === undefined) return undefined;
  return {
    promptPrice: price_prompt ?? 0,
    completionPrice: price_completion ?? 0,
    ...(max_cost !== undefined && { maxCost: max_cost }),
  };
}

/** How answers are read. @throws ConfigError */
export function answerForm({
  answers,
  answer_range: range,
  logprobs,
}: Pick<EndpointFlags, 'answers' | 'answer_range' | 'logprobs'>): AnswerForm {
  if (range !== undefined) {
    const [low = Number.NaN, high = Number.NaN] = range.map(toNumber);
    if (answers !== undefined || range.length !== 2 || !(low < high))
      throw new ConfigError(
        '--answer_range',
        undefined,
        `expected two numbers, the lower first, and no --answers, got ${range.join(' ')}`,
      );
    return { kind: 'number', low, high };
  }
  const pairs = (answers ?? ['yes=1', 'no=0']).map((entry): [string, number] => {
    const cut = entry.lastIndexOf('=');
    const [label, score] = [entry.slice(0, cut).trim().toLowerCase(), toNumber(entry.slice(cut + 1))];
    if (cut < 0 || label === '' || !(score >= 0 && score <= 1))
      throw new ConfigError(
        '--answers',
        undefined,
        `expected label=score with a score from 0 to 1, got ${JSON.stringify(entry)}`,
      );
    return [label, score];
  });
  const labels = new Map(pairs);
  if (labels.size !== pairs.length || labels.size < 2)
    throw new ConfigError(
      '--answers',
      undefined,
      `expected two different labels or more, got ${pairs.map(([label]) => label).join(' ')}`,
    );
  return { kind: 'labels', labels, logprobs };
}

const toNumber = (given: string): number =>
  /^[+-]?\d+(\.\d+)?$/.test(given.trim()) ? Number(given) : Number.NaN;

const readPrompt = (path: string): Promise<string> =>
  readFile(path, 'utf8').then(
    // Editors end files with a line feed, which is no part of a prompt.
    (content) => content.replace(/\r?\n$/, ''),
    (cause: NodeJS.ErrnoException) => {
      throw new ConfigError(
        '--prompt_file',
        undefined,
        `expected a file that can be read, got ${cause.code} for ${path}`,
        { cause },
      );
    },
  );

function parseRequest(given: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(given);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {}
  throw new ConfigError('--request', undefined, 'expected a JSON object, got another text');
}
