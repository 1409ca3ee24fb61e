/** Milliseconds before the first repetition; each further one waits twice as long. */
const firstWait = 1_000;
/** Longest wait of ours. */
const longestWait = 60_000;

/** A `Retry-After` header in milliseconds from `now`: seconds or an HTTP date (RFC 9110, section 10.2.3); undefined for anything else. */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  // A date names its day and its zone; Date.parse alone would take "-1" for a year.
  const date = /^[A-Z][a-z]{2,8},? .*GMT$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isFinite(date) ? Math.max(0, date - now) : undefined;
}

/** Milliseconds before attempt `failed` + 1: what the server asked for, and never less than 1 s, 2 s, 4 s … up to a minute. */
export const backoff = (failed: number, retryAfter = 0): number =>
  Math.max(retryAfter, Math.min(longestWait, firstWait * 2 ** (failed - 1)));
