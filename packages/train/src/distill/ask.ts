import type { Clock } from './clock.js';
import type { CostMeter } from './cost-meter.js';
import { plus } from './cost-meter.js';
import { EndpointError } from './endpoint-error.js';
import { backoff } from './retry-after.js';
import type { Teacher, TeacherPair, TokenUsage, Verdict } from './teacher.js';

/** How often and how long a teacher is asked again. */
export interface AskOptions {
  readonly clock: Clock;
  /** Costs of a teacher that has some. */
  readonly meter?: CostMeter;
  /** Requests about a pair whose answer cannot be read. @default 3 */
  readonly answerAttempts?: number;
  /** Requests in a row that the server does not serve. @default 8 */
  readonly busyAttempts?: number;
  /** Longest wait in milliseconds that a server may ask for. @default 600,000 */
  readonly longestWait?: number;
  /** Hears of waits. */
  readonly say?: (line: string) => void;
}

/** What came of asking about some pairs. */
export interface Asked {
  /** One per pair; `unpaid` where the cost limit came first. */
  readonly verdicts: readonly Verdict[] | 'unpaid';
  /** Tokens of requests without a verdict, those that may have been charged for included. */
  readonly lost: TokenUsage;
}

const none: TokenUsage = { promptTokens: 0, completionTokens: 0 };

/** A teacher that says nothing of its costs, which are limited. */
export class UncountedCostError extends Error {
  override readonly name = 'UncountedCostError';
}

/**
 * Asks until there is an answer that can be read, the attempts are used up or the money is; what a teacher refuses about a pair alone
 * is the fault of that pair.
 * @throws AskError for what concerns every pair, UncountedCostError, the signal's reason
 */
export async function ask(
  teacher: Teacher,
  pairs: readonly TeacherPair[],
  signal: AbortSignal,
  options: AskOptions,
): Promise<Asked> {
  const { clock, meter, answerAttempts = 3, busyAttempts = 8, longestWait = 600_000, say } = options;
  const most = pairs.reduce((sum, pair) => plus(sum, teacher.mostTokens?.(pair) ?? none), none);
  let lost = none;
  for (let [unread, busy] = [0, 0]; ; ) {
    signal.throwIfAborted();
    if (meter && !(await meter.reserve(most))) return { verdicts: 'unpaid', lost };
    let used = none;
    let wait: number;
    try {
      const verdicts = await teacher.judge(pairs, signal);
      used = verdicts.reduce((sum, { usage }) => plus(sum, usage ?? none), none);
      if (meter?.maxCost !== undefined && teacher.mostTokens && verdicts.some(({ usage }) => !usage)) {
        used = most;
        throw new UncountedCostError(
          'the endpoint: expected "usage" in its answer, got none, so that --max_cost cannot be kept — leave --max_cost out, or ask another server',
        );
      }
      const isRead = verdicts.every((verdict) => 'score' in verdict || verdict.isFinal);
      if (isRead || ++unread >= answerAttempts) return { verdicts, lost };
      lost = plus(lost, used);
      [busy, wait] = [0, 0];
    } catch (error) {
      if (!(error instanceof EndpointError)) throw error;
      if (error.isBilled && teacher.mostTokens) used = most;
      lost = plus(lost, used);
      if (error.failure === 'pair')
        return { verdicts: pairs.map(() => ({ fault: error.message, isFinal: true })), lost };
      if (error.failure === 'fatal' || ++busy >= busyAttempts) throw withAdvice(error, busy, lost);
      wait = backoff(busy, error.retryAfter);
      if (wait > longestWait) throw withAdvice(error, busy, lost);
      say?.(`${error.message}; asking again in ${(wait / 1000).toFixed(0)} s`);
    } finally {
      meter?.settle(most, used);
    }
    if (wait > 0) await clock.wait(wait, signal);
  }
}

/** Ends a run, with the tokens that it has lost. */
export class AskError extends EndpointError {
  constructor(
    error: EndpointError,
    advice: string,
    readonly lost: TokenUsage,
  ) {
    super(`${error.message} — ${advice}`, error.failure, error);
  }
}

function withAdvice(error: EndpointError, busy: number, lost: TokenUsage): AskError {
  const advice =
    error.status === 401 || error.status === 403
      ? 'give the key by --api_key_env'
      : error.status === 404
        ? 'check --endpoint, which ends in /v1 mostly, and --teacher_model'
        : error.failure === 'fatal'
          ? 'check --endpoint'
          : `asked ${busy} times; the same command goes on later`;
  return new AskError(error, advice, lost);
}
