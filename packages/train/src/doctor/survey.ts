import { formatPosition, type LabelRange } from '@rag/data';
import { textKey } from '../mine/normalized-text.js';
import { type TextTable, textTable } from '../mine/text-table.js';
import { type Occurrences, occurrences } from './finding.js';
import { type LengthSummary, lengthHistogram } from './length-histogram.js';
import { countScripts, type ScriptCounts } from './script.js';
import type { SurveyPassage, SurveyRow } from './survey-row.js';

/** What rows hold, counted while they stream by. */
export interface Survey {
  readonly rows: number;
  readonly passages: number;
  /** Rows by file and shape. */
  readonly files: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Lengths in UTF-16 units. */
  readonly characters: { readonly query: LengthSummary; readonly passage: LengthSummary };
  readonly scripts: { readonly query: ScriptCounts; readonly passage: ScriptCounts };
  /** Rows that an earlier row repeats: letter by letter, or but for case, width and blanks. */
  readonly exactRows: Occurrences;
  readonly similarRows: Occurrences;
  /** Rows whose query an earlier row has with other passages. */
  readonly repeatedQueries: Occurrences;
  /** Passages that stand twice in one side of their row. */
  readonly repeatedPassages: Occurrences;
  /** Rows with a positive that is one of their negatives too. */
  readonly ownNegatives: Occurrences;
  /** Passages that are positive in one row and negative in another of the same query. */
  readonly otherNegatives: Occurrences;
  /** Passages with another label for the same query elsewhere. */
  readonly otherLabels: Occurrences;
  /** Labels or scores of passages. */
  readonly labels: {
    readonly count: number;
    readonly least: number;
    readonly most: number;
    /** Different ones, as far as 1,000. */
    readonly distinct: number;
    /** Outside the range that was given. */
    readonly outside: Occurrences;
  };
  /** Rows of two passages or more, or with sides. */
  readonly groups: {
    readonly count: number;
    readonly sizes: LengthSummary;
    readonly smaller: Occurrences;
    readonly withoutNegatives: Occurrences;
    /** All of their labels are equal. */
    readonly oneValued: Occurrences;
  };
  /** Of rows with sides and scores for both. */
  readonly teacher: {
    readonly rows: number;
    readonly constant: Occurrences;
    /** The mean score of the negatives is above that of the positives. */
    readonly reversed: Occurrences;
    /** Rows with a negative above a positive. */
    readonly crossed: Occurrences;
  };
  /** Rows whose query, or pair of query and passage, stands in the rows that these are compared with. */
  readonly leaked: { readonly queries: Occurrences; readonly pairs: Occurrences };
  /** Rows that were compared with each other: texts beyond the limit of memory are only counted. */
  readonly comparedRows: number;
}

/** A survey in progress. */
export interface Surveyor {
  add(row: SurveyRow): void;
  survey(): Survey;
  hasQuery(query: string): boolean;
  hasPair(query: string, passage: string): boolean;
}

export interface SurveyOptions {
  /** Passages per group, for rows that are groups. */
  readonly groupSize?: number;
  readonly labelRange?: LabelRange;
  /** Rows that must not come again, such as those of training beside those of evaluation. */
  readonly against?: Pick<Surveyor, 'hasQuery' | 'hasPair'>;
  /** Texts that each table keeps, in 16 to 48 bytes each. @default 2_097_152 */
  readonly mostTexts?: number;
}

const MOST_LABELS = 1000;
const POSITIVE = 1;
const NEGATIVE = 2;

/** A text's 64 bits, as a short text. */
const keyOf = (text: string): string => textKey(text).join(' ');

/** 32 bits of a label, in which no finite number is all ones. */
const bitsOf = (label: number): number => new Uint32Array(Float32Array.of(label).buffer)[0]!;

/** 31 bits of a text as it stands (FNV-1a over UTF-16 units). */
function exactBits(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 1;
}

/**
 * Counts what rows hold. Texts are kept as 64 bits each; those that are equal but for case, width and blanks count as the same.
 */
export function surveyor(options: SurveyOptions = {}): Surveyor {
  const { groupSize = 0, labelRange, against, mostTexts = 2 ** 21 } = options;
  const files = new Map<string, Record<string, number>>();
  const [queries, rowTexts, pairs] = [textTable(), textTable(), textTable()];
  const lengths = { query: lengthHistogram(), passage: lengthHistogram(), group: lengthHistogram() };
  const scripts: { query: ScriptCounts; passage: ScriptCounts } = { query: {}, passage: {} };
  const seen = counters();
  const distinct = new Set<number>();
  let [rows, passages, comparedRows, labels, groups, teachers] = [0, 0, 0, 0, 0, 0];
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

  const room = (table: TextTable) => table.size < mostTexts;

  const addLabel = (label: number, place: string): void => {
    labels++;
    least = Math.min(least, label);
    most = Math.max(most, label);
    if (distinct.size < MOST_LABELS) distinct.add(label);
    if (labelRange && (label < labelRange.min || label > labelRange.max)) seen.outside.add(place);
  };
  const compareRow = (
    { query, passages: listed }: SurveyRow,
    keys: readonly string[],
    place: string,
  ): void => {
    const { size } = rowTexts;
    const bits = exactBits(JSON.stringify([query, listed]));
    const similar = listed.map(({ side, score }, i) => `${side} ${score} ${keys[i]}`);
    const found = rowTexts.add([keyOf(query), ...similar].join(','), bits);
    if (rowTexts.size === size) (found === bits ? seen.exactRows : seen.similarRows).add(place);
  };
  const compareQuery = (key: string, place: string): void => {
    const { size } = queries;
    queries.add(key, 1);
    if (queries.size === size) seen.repeatedQueries.add(place);
  };
  const comparePairs = (
    queryKey: string,
    listed: readonly SurveyPassage[],
    keys: readonly string[],
    place: string,
  ): void => {
    const bySide = { positive: new Set<string>(), negative: new Set<string>() };
    for (const [i, { side, score }] of listed.entries()) {
      const key = keys[i]!;
      if (side !== undefined) {
        if (bySide[side].has(key)) seen.repeatedPassages.add(place);
        bySide[side].add(key);
        continue;
      }
      if (score === undefined) continue;
      const found = pairs.add(`${queryKey} ${key} label`, bitsOf(score));
      if (found !== bitsOf(score)) seen.otherLabels.add(place);
    }
    const both = new Set([...bySide.positive].filter((key) => bySide.negative.has(key)));
    if (both.size > 0) seen.ownNegatives.add(place);
    for (const [side, value] of [
      ['positive', POSITIVE],
      ['negative', NEGATIVE],
    ] as const)
      for (const key of bySide[side]) {
        if (both.has(key)) continue;
        if (pairs.add(`${queryKey} ${key} side`, value) !== value) seen.otherNegatives.add(place);
      }
  };
  const addGroup = (listed: readonly SurveyPassage[], place: string): void => {
    const sided = listed.some(({ side }) => side !== undefined);
    if (!sided && listed.length < 2) return;
    groups++;
    lengths.group.add(listed.length);
    if (listed.length < groupSize) seen.smaller.add(place);
    const negatives = listed.filter(({ side }) => side === 'negative');
    if (sided && negatives.length === 0) seen.withoutNegatives.add(place);
    const scores = listed.flatMap(({ score }) => (score === undefined ? [] : [score]));
    if (!sided && scores.every((score) => score === scores[0])) seen.oneValued.add(place);
    if (!sided || negatives.length === 0 || scores.length < listed.length) return;
    teachers++;
    const of = (wanted: 'positive' | 'negative') =>
      listed.flatMap(({ side, score }) => (side === wanted ? [score!] : []));
    const [above, below] = [of('positive'), of('negative')];
    if (scores.every((score) => score === scores[0])) seen.constant.add(place);
    else if (mean(below) > mean(above)) seen.reversed.add(place);
    if (largest(below) > -largest(above.map((score) => -score))) seen.crossed.add(place);
  };

  return {
    add(row) {
      const { at, shape, query, passages: listed } = row;
      const place = formatPosition(at);
      rows++;
      passages += listed.length;
      const shapes = files.get(at.file) ?? {};
      files.set(at.file, { ...shapes, [shape]: (shapes[shape] ?? 0) + 1 });
      lengths.query.add(query.length);
      countScripts(query, scripts.query);
      for (const { text, score } of listed) {
        lengths.passage.add(text.length);
        countScripts(text, scripts.passage);
        if (score !== undefined) addLabel(score, place);
      }
      addGroup(listed, place);
      const queryKey = keyOf(query);
      if (against?.hasQuery(query)) {
        seen.leakedQueries.add(place);
        if (listed.some(({ text }) => against.hasPair(query, text))) seen.leakedPairs.add(place);
      }
      if (!room(queries) || !room(rowTexts) || !room(pairs)) return;
      comparedRows++;
      const keys = listed.map(({ text }) => keyOf(text));
      compareRow(row, keys, place);
      compareQuery(queryKey, place);
      comparePairs(queryKey, listed, keys, place);
    },
    hasQuery: (query) => queries.find(keyOf(query)) !== undefined,
    hasPair(query, passage) {
      const key = `${keyOf(query)} ${keyOf(passage)}`;
      return pairs.find(`${key} side`) !== undefined || pairs.find(`${key} label`) !== undefined;
    },
    survey: () => ({
      ...{ rows, passages, scripts, comparedRows },
      files: Object.fromEntries(files),
      characters: { query: lengths.query.summary(), passage: lengths.passage.summary() },
      exactRows: seen.exactRows.result(),
      similarRows: seen.similarRows.result(),
      repeatedQueries: seen.repeatedQueries.result(),
      repeatedPassages: seen.repeatedPassages.result(),
      ownNegatives: seen.ownNegatives.result(),
      otherNegatives: seen.otherNegatives.result(),
      otherLabels: seen.otherLabels.result(),
      labels: { count: labels, least, most, distinct: distinct.size, outside: seen.outside.result() },
      groups: {
        count: groups,
        sizes: lengths.group.summary(),
        smaller: seen.smaller.result(),
        withoutNegatives: seen.withoutNegatives.result(),
        oneValued: seen.oneValued.result(),
      },
      teacher: {
        rows: teachers,
        constant: seen.constant.result(),
        reversed: seen.reversed.result(),
        crossed: seen.crossed.result(),
      },
      leaked: { queries: seen.leakedQueries.result(), pairs: seen.leakedPairs.result() },
    }),
  };
}

const counters = () => ({
  exactRows: occurrences(),
  similarRows: occurrences(),
  repeatedQueries: occurrences(),
  repeatedPassages: occurrences(),
  ownNegatives: occurrences(),
  otherNegatives: occurrences(),
  otherLabels: occurrences(),
  outside: occurrences(),
  smaller: occurrences(),
  withoutNegatives: occurrences(),
  oneValued: occurrences(),
  constant: occurrences(),
  reversed: occurrences(),
  crossed: occurrences(),
  leakedQueries: occurrences(),
  leakedPairs: occurrences(),
});

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const largest = (values: readonly number[]): number =>
  values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
