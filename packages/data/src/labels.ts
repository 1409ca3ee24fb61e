import { type DataError, formatPosition, type RowFault } from './data-error.js';
import type { RerankerRecord } from './record.js';

/** Rows left out for one reason. */
export interface Skipped {
  readonly count: number;
  /** `file:line` of the first. */
  readonly first: string;
}

/** Passages whose label lies in [from, to) — the last bin takes `to` as well. */
export interface LabelBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** What was loaded, and what was not. */
export interface LabelSummary {
  /** Rows kept. */
  readonly rows: number;
  /** Different queries among them. */
  readonly queries: number;
  /** Passages with a label, over all rows. */
  readonly passages: number;
  /** Passages with the top label of a `hits` row, or a label above 0.5 elsewhere; the rest are negatives. */
  readonly positives: number;
  readonly negatives: number;
  /** Rows by shape. */
  readonly shapes: Readonly<Record<string, number>>;
  /** Five bins of equal width from the lowest label to the highest (at least 0 to 1 when all lie within). */
  readonly bins: readonly LabelBin[];
  /** Rows left out, by reason; empty unless bad rows were to be skipped. */
  readonly skipped: Readonly<Partial<Record<RowFault, Skipped>>>;
  /** Keys that no shape reads, with the rows that carry them. */
  readonly ignoredKeys: Readonly<Record<string, number>>;
}

/** Every label of a record, in the order of its passages: positives (1 without scores), then negatives (0). */
export function recordLabels(record: RerankerRecord): readonly number[] {
  if (record.shape === 'hits') return record.hits.map((hit) => hit.label);
  if (record.shape !== 'lists') return [record.label];
  return [
    ...(record.pos_scores ?? record.pos.map(() => 1)),
    ...(record.neg_scores ?? record.neg.map(() => 0)),
  ];
}

/** 53-bit FNV-like hash, so that counting queries does not keep their texts. */
function hashText(text: string): number {
  let a = 0x811c9dc5;
  let b = 0x9dc5811c;
  for (let i = 0; i < text.length; i++) {
    a = Math.imul(a ^ text.charCodeAt(i), 0x01000193);
    b = Math.imul(b ^ text.charCodeAt(i), 0x85ebca6b);
  }
  return (a >>> 0) * 2 ** 21 + ((b ^ (b >>> 15)) >>> 11);
}

function binLabels(counts: ReadonlyMap<number, number>): LabelBin[] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const label of counts.keys()) {
    low = Math.min(low, label);
    high = Math.max(high, label);
  }
  if (low > high) return [];
  if (low >= 0 && high <= 1) [low, high] = [0, 1];
  if (low === high) return [{ from: low, to: high, count: counts.get(low)! }];
  const edge = (i: number) => low + ((high - low) * i) / 5;
  const bins = [0, 1, 2, 3, 4].map((i) => ({ from: edge(i), to: edge(i + 1), count: 0 }));
  for (const [label, count] of counts) {
    bins[Math.min(4, Math.floor(((label - low) / (high - low)) * 5))]!.count += count;
  }
  return bins;
}

/** Collects a {@link LabelSummary} while rows stream by. */
export function startLabelSummary() {
  let [rows, passages, positives] = [0, 0, 0];
  // Several sets, since one holds at most 2^24 entries.
  const queries = Array.from({ length: 64 }, () => new Set<number>());
  const shapes: Record<string, number> = {};
  const ignoredKeys = new Map<string, number>();
  const skipped: Partial<Record<RowFault, Skipped>> = {};
  const labels = new Map<number, number>();
  return {
    add(record: RerankerRecord, ignored: readonly string[]): void {
      rows++;
      shapes[record.shape] = (shapes[record.shape] ?? 0) + 1;
      const query = hashText(record.query);
      queries[query % 64]!.add(query);
      const values = recordLabels(record);
      const top = record.shape === 'hits' ? values.reduce((a, b) => Math.max(a, b)) : undefined;
      for (const value of values) {
        if (top === undefined ? value > 0.5 : value === top) positives++;
        const rounded = Math.round(value * 1000) / 1000;
        labels.set(rounded, (labels.get(rounded) ?? 0) + 1);
      }
      passages += values.length;
      for (const key of ignored) ignoredKeys.set(key, (ignoredKeys.get(key) ?? 0) + 1);
    },
    skip(error: DataError & { fault: RowFault }): void {
      const before = skipped[error.fault];
      const first = before?.first ?? formatPosition({ file: error.at.file, line: error.at.line });
      skipped[error.fault] = { count: (before?.count ?? 0) + 1, first };
    },
    summary: (): LabelSummary => ({
      rows,
      queries: queries.reduce((sum, set) => sum + set.size, 0),
      passages,
      positives,
      negatives: passages - positives,
      shapes: { ...shapes },
      bins: binLabels(labels),
      skipped: { ...skipped },
      ignoredKeys: Object.fromEntries(ignoredKeys),
    }),
  };
}

const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** One bar per count, its height the share of the largest; the lowest bar stands for up to an eighth, zero included. */
export function sparkline(counts: readonly number[]): string {
  const most = Math.max(1, ...counts);
  return counts.map((count) => bars[Math.max(0, Math.ceil((count / most) * 8) - 1)]).join('');
}

function round(value: number): string {
  return String(Number(value.toFixed(3)));
}

/** The summary as lines of text for a terminal or a log. */
export function formatLabelSummary(summary: LabelSummary): string {
  const { rows, queries, passages, positives, negatives, bins, skipped } = summary;
  const percent = (count: number) => `${((100 * count) / Math.max(1, passages)).toFixed(2)}%`;
  return [
    `${rows} rows, ${queries} queries, ${passages} passages: ${positives} positive, ${negatives} negative`,
    `labels ${sparkline(bins.map((bin) => bin.count))}`,
    ...bins.map(({ from, to, count }) => `  ${round(from)} to ${round(to)}: ${count} (${percent(count)})`),
    ...Object.entries(skipped).map(
      ([fault, { count, first }]) => `skipped ${count} rows: ${fault} (first at ${first})`,
    ),
    ...Object.entries(summary.ignoredKeys).map(([key, count]) => `ignored key "${key}" in ${count} rows`),
  ].join('\n');
}
