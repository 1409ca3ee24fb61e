import { type DataError, formatPosition, type Position, type RowFault } from './data-error.js';
import type { RerankerRecord, RowPosition } from './record.js';
import type { RowTally } from './record-reader.js';

/** Rows with something in common, such as the reason why they were left out. */
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
  /** Different queries among them, or different texts where rows have no passages. */
  readonly queries: number;
  /** Passages over all rows; none where the rows are texts. */
  readonly passages: number;
  /**
   * In reranker rows the passages with the top label of a `hits` row, or a label above 0.5 elsewhere, the rest being
   * negatives; in embedding rows those of "pos" and "neg". Passages of `{query, pos, scores}` rows are neither.
   */
  readonly positives: number;
  readonly negatives: number;
  /** Rows without a negative passage, where other rows of the same files have some; embedding rows only. */
  readonly withoutNegatives?: Skipped;
  /** Rows by shape. */
  readonly shapes: Readonly<Record<string, number>>;
  /** Five bins of equal width from the lowest label or score to the highest (0 to 1 when all lie within), if any. */
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

/** What a reranker row adds to a summary; every passage has a label, so that none counts as scored only. */
export function tallyLabels(record: RerankerRecord): RowTally {
  const labels = recordLabels(record);
  const top = record.shape === 'hits' ? labels.reduce((a, b) => Math.max(a, b)) : undefined;
  const positives = labels.filter((label) => (top === undefined ? label > 0.5 : label === top)).length;
  const negatives = labels.length - positives;
  return { shape: record.shape, query: record.query, positives, negatives, scored: 0, labels };
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
  let [rows, positives, negatives, scored] = [0, 0, 0, 0];
  let withoutNegatives: Skipped | undefined;
  // Several sets, since one holds at most 2^24 entries.
  const queries = Array.from({ length: 64 }, () => new Set<number>());
  const shapes: Record<string, number> = {};
  const ignoredKeys = new Map<string, number>();
  const skipped: Partial<Record<RowFault, Skipped>> = {};
  const labels = new Map<number, number>();
  const oneMore = (before: Skipped | undefined, { file, line }: Position): Skipped => ({
    count: (before?.count ?? 0) + 1,
    first: before?.first ?? formatPosition(line === undefined ? { file } : { file, line }),
  });
  return {
    add(row: RowTally, ignored: readonly string[], at: RowPosition): void {
      rows++;
      shapes[row.shape] = (shapes[row.shape] ?? 0) + 1;
      const query = hashText(row.query);
      queries[query % 64]!.add(query);
      for (const label of row.labels) {
        const rounded = Math.round(label * 1000) / 1000;
        labels.set(rounded, (labels.get(rounded) ?? 0) + 1);
      }
      positives += row.positives;
      negatives += row.negatives;
      scored += row.scored;
      const hasSides = row.shape === 'pair' || row.shape === 'triplet';
      if (hasSides && row.negatives === 0) withoutNegatives = oneMore(withoutNegatives, at);
      for (const key of ignored) ignoredKeys.set(key, (ignoredKeys.get(key) ?? 0) + 1);
    },
    skip(error: DataError & { fault: RowFault }): void {
      skipped[error.fault] = oneMore(skipped[error.fault], error.at);
    },
    summary: (): LabelSummary => ({
      rows,
      queries: queries.reduce((sum, set) => sum + set.size, 0),
      passages: positives + negatives + scored,
      positives,
      negatives,
      ...(withoutNegatives && shapes.triplet && { withoutNegatives }),
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

/** `12 positive, 30 negative, 5 scored`; only the last where no passage has a side. */
function formatSides({ passages, positives, negatives }: LabelSummary): string {
  const scored = passages - positives - negatives;
  const sides = scored < passages ? [`${positives} positive`, `${negatives} negative`] : [];
  return [...sides, ...(scored > 0 ? [`${scored} scored`] : [])].join(', ');
}

/** The summary as lines of text for a terminal or a log. */
export function formatLabelSummary(summary: LabelSummary): string {
  const { rows, queries, passages, bins, skipped, withoutNegatives } = summary;
  const labels = bins.reduce((sum, { count }) => sum + count, 0);
  const percent = (count: number) => `${((100 * count) / Math.max(1, labels)).toFixed(2)}%`;
  return [
    passages === 0
      ? `${rows} rows, ${queries} different texts`
      : `${rows} rows, ${queries} queries, ${passages} passages: ${formatSides(summary)}`,
    ...(withoutNegatives
      ? [`no negatives in ${withoutNegatives.count} rows (first at ${withoutNegatives.first})`]
      : []),
    ...(labels > 0 ? [`labels ${sparkline(bins.map((bin) => bin.count))}`] : []),
    ...bins.map(({ from, to, count }) => `  ${round(from)} to ${round(to)}: ${count} (${percent(count)})`),
    ...Object.entries(skipped).map(
      ([fault, { count, first }]) => `skipped ${count} rows: ${fault} (first at ${first})`,
    ),
    ...Object.entries(summary.ignoredKeys).map(([key, count]) => `ignored key "${key}" in ${count} rows`),
  ].join('\n');
}
