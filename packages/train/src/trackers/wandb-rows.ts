import { flatConfig } from './flat-config.js';
import type { Histogram, TrackedEntry } from './tracker.js';

/** JSON as Weights & Biases reads it: NaN and infinities are bare words, as Python's json has them. */
export function wandbJson(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map((each) => wandbJson(each ?? null)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const items = Object.entries(value).filter(([, inner]) => inner !== undefined);
    return `{${items.map(([key, inner]) => `${JSON.stringify(key)}:${wandbJson(inner)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

/** Values of one step. */
export interface HistoryRow {
  readonly step: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly values: Readonly<Record<string, unknown>>;
}

/** Rows with one step each; the last may get more values and is kept back. */
export interface GatheredRows {
  readonly complete: readonly HistoryRow[];
  readonly pending: HistoryRow | undefined;
}

/** Adds the numbers and distributions of entries to the row that was kept back. A row is one step: the service keeps no second one. */
export function gatherRows(pending: HistoryRow | undefined, entries: readonly TrackedEntry[]): GatheredRows {
  const complete: HistoryRow[] = [];
  let row = pending;
  for (const entry of entries) {
    const values = valuesOf(entry);
    if (values === undefined) continue;
    if (row !== undefined && row.step !== entry.step) {
      complete.push(row);
      row = undefined;
    }
    row = { step: entry.step, time: entry.time, values: { ...row?.values, ...values } };
  }
  return { complete, pending: row };
}

function valuesOf(entry: TrackedEntry): Readonly<Record<string, unknown>> | undefined {
  if (entry.kind === 'scalars') return entry.values;
  if (entry.kind === 'histogram') return { [entry.name]: histogramValue(entry.histogram) };
  return undefined;
}

const histogramValue = ({ edges, counts }: Histogram) => ({
  _type: 'histogram',
  values: counts,
  bins: edges,
});

/** A row with the columns that every row has; `began` in milliseconds since 1970. */
export const rowValues = ({ step, time, values }: HistoryRow, began: number): Record<string, unknown> => ({
  ...values,
  _step: step,
  _timestamp: time / 1000,
  _runtime: Math.max(0, (time - began) / 1000),
});

/** Lines of a run's console that texts and references are; undefined for what is no line. */
export function consoleLine(entry: TrackedEntry): string | undefined {
  const tell = (text: string): string => `${new Date(entry.time).toISOString()} ${entry.step} ${text}`;
  if (entry.kind === 'text') return tell(`${entry.name}: ${entry.text.replaceAll('\n', ' ')}`);
  if (entry.kind === 'artifact') return tell(`${entry.type} ${entry.name}: ${entry.uri}`);
  return undefined;
}

/** What the run's summary keeps: the last values, and where artifacts are. */
export function summaryOf(
  before: Readonly<Record<string, unknown>>,
  rows: readonly HistoryRow[],
  entries: readonly TrackedEntry[],
  began: number,
): Readonly<Record<string, unknown>> {
  const summary = { ...before };
  for (const row of rows) Object.assign(summary, rowValues(row, began));
  for (const entry of entries)
    if (entry.kind === 'artifact') summary[`artifact/${entry.name}`] = `${entry.type}: ${entry.uri}`;
  return summary;
}

/** Settings as the service has them: flat names, each with its value. */
export const wandbConfig = (config: Readonly<Record<string, unknown>>): ReadonlyMap<string, unknown> =>
  flatConfig(config);
