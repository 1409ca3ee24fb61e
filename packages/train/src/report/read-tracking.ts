/** Values that a tracker was told, by their name: updates and values. */
export interface Tracking {
  readonly series: ReadonlyMap<string, readonly (readonly [step: number, value: number])[]>;
  /** `finished`, `failed`, `interrupted`; absent where the log ends without it. */
  readonly outcome?: string;
  readonly name?: string;
  readonly config?: Readonly<Record<string, unknown>>;
  /** Lines that are none. */
  readonly unread: number;
}

/** Names of values that are kept: a log of strangers may have any. */
const MOST_SERIES = 200;

/** Reads the log of the JSONL tracker. Of a run that was taken up again, what was tracked of an update last counts. */
export function readTracking(text: string): Tracking {
  const series = new Map<string, Map<number, number>>();
  let unread = 0;
  const told: { outcome?: string; name?: string; config?: Readonly<Record<string, unknown>> } = {};
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const entry = parsed(line);
    if (entry?.kind === 'run') {
      if (typeof entry.name === 'string') told.name = entry.name;
      if (isRecord(entry.config)) told.config = entry.config;
      delete told.outcome;
    } else if (entry?.kind === 'end' && typeof entry.outcome === 'string') told.outcome = entry.outcome;
    else if (entry?.kind === 'scalars' && typeof entry.step === 'number' && isRecord(entry.values)) {
      for (const [name, value] of Object.entries(entry.values)) {
        if (!series.has(name) && series.size >= MOST_SERIES) continue;
        const values = series.get(name) ?? new Map<number, number>();
        // NaN and infinities are texts.
        values.set(entry.step, typeof value === 'number' ? value : Number.NaN);
        series.set(name, values);
      }
    } else if (entry === undefined) unread++;
  }
  const sorted = [...series].map(([name, values]) => [name, [...values].sort(([a], [b]) => a - b)] as const);
  return { series: new Map(sorted), unread, ...told };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
