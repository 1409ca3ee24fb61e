import { plus } from './cost-meter.js';
import type { Teacher, TeacherPair, TokenUsage } from './teacher.js';

/** A file of lines that only grows: one driver per platform. */
export interface LineLog {
  /** How errors call it. */
  readonly name: string;
  /** Every line that was written whole, in order; a last one that was cut short is removed first. */
  lines(): AsyncIterable<string>;
  /** Adds whole lines; they are kept though the process dies. */
  append(lines: readonly string[]): Promise<void>;
  /** Makes them durable, and closes. */
  close(): Promise<void>;
}

/** A score as it is kept. */
export interface KeptScore {
  readonly score: number;
  readonly by?: 'logprobs' | 'text';
}

/** Scores by the hash of what they depend on, and what all requests have cost. */
export interface ScoreCache {
  readonly name: string;
  /** Tokens of every request so far. */
  readonly used: TokenUsage;
  get(key: string): KeptScore | undefined;
  /** A score under its key, or without one what a request cost that gave none. */
  keep(entries: readonly CacheEntry[]): Promise<void>;
  close(): Promise<void>;
}

/** A line: a score, a cost, or both. */
export interface CacheEntry {
  readonly key?: string;
  readonly score?: number;
  readonly by?: 'logprobs' | 'text';
  readonly prompt_tokens?: number;
  readonly completion_tokens?: number;
}

const head = '{"scores":"rag distill scores","version":1}';

/** A file that holds no kept scores. */
export class ScoreCacheError extends Error {
  override readonly name = 'ScoreCacheError';
}

/** Reads what was kept; a score of a pair that was kept twice is the last one. @throws ScoreCacheError with the line */
export async function openScoreCache(log: LineLog): Promise<ScoreCache> {
  const scores = new Map<string, KeptScore>();
  let used: TokenUsage = { promptTokens: 0, completionTokens: 0 };
  const take = ({ key, score, by, prompt_tokens = 0, completion_tokens = 0 }: CacheEntry): void => {
    used = plus(used, { promptTokens: prompt_tokens, completionTokens: completion_tokens });
    if (key !== undefined && score !== undefined) scores.set(key, { score, ...(by && { by }) });
  };
  let line = 0;
  for await (const text of log.lines()) {
    line++;
    if (line === 1 ? text === head : isEntry(text)) {
      if (line > 1) take(JSON.parse(text) as CacheEntry);
      continue;
    }
    throw new ScoreCacheError(
      `${log.name}:${line}: expected ${line === 1 ? 'a file of kept scores' : 'a kept score'}, got ${text.slice(0, 60)} — name another by --cache, or remove it to begin again`,
    );
  }
  if (line === 0) await log.append([head]);
  return {
    name: log.name,
    get used() {
      return used;
    },
    get: (key) => scores.get(key),
    async keep(entries) {
      await log.append(entries.map((entry) => JSON.stringify(entry)));
      for (const entry of entries) take(entry);
    },
    close: () => log.close(),
  };
}

function isEntry(text: string): boolean {
  let entry: CacheEntry | null;
  try {
    entry = JSON.parse(text);
  } catch {
    return false;
  }
  if (typeof entry !== 'object' || entry === null) return false;
  const { key, score, by, prompt_tokens = 0, completion_tokens = 0 } = entry;
  const isScore = /^[0-9a-f]{32}$/.test(String(key)) && typeof score === 'number';
  const isCost = key === undefined && score === undefined;
  const counts = [prompt_tokens, completion_tokens];
  return (
    (isScore || isCost) &&
    (by === undefined || by === 'logprobs' || by === 'text') &&
    counts.every((count) => Number.isSafeInteger(count) && count >= 0)
  );
}

/** Makes keys: 32 hexadecimal digits of the SHA-256 of the teacher's identity and the pair's texts. */
export function pairKeys({ identity }: Pick<Teacher, 'identity'>): (pair: TeacherPair) => Promise<string> {
  const names = Object.keys(identity).sort();
  const teacher = names.map((name) => [name, identity[name]]);
  return async ({ query, content, answer }) => {
    const text = JSON.stringify([teacher, query, content, ...(answer === undefined ? [] : [answer])]);
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
    return Array.from(hash.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
  };
}
