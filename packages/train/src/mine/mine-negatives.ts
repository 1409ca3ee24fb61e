import { type ByteSource, type Line, parseLine, readLines } from '@rag/data';
import { OptionError } from '@rag/models';
import type { InputRow } from '../encode/input-row.js';
import type { EncodeSettings } from '../encode/progress-note.js';
import type { UnfinishedFile } from '../encode/unfinished-file.js';
import { replaceFields } from '../score/replace-fields.js';
import { type RowsEvent, type RowsJob, transformRows } from '../score/transform-rows.js';
import type { NegativeRules } from './choose-negatives.js';
import { type ChosenRow, chooseRows, type Guard } from './choose-rows.js';
import type { MineReport } from './mine-report.js';
import { add, countScores } from './mine-report.js';
import type { MiningRetriever } from './mining-retriever.js';
import { type MiningRow, parseMiningRow } from './mining-row.js';
import { gatherPassages } from './passage-pool.js';
import { reportOf } from './report-of.js';
import { type RankRange, type RowHits, searchRows } from './search-rows.js';
import { runStage } from './stage.js';
import { formatVectorRecords } from './vector-records.js';
import type { WorkFiles } from './work-files.js';

/** Negatives to find, by what, to where. */
export interface MineJob
  extends Pick<RowsJob<unknown>, 'overwrite' | 'signal' | 'say' | 'commitMilliseconds'> {
  /** Rows `{query, pos}`, with or without `neg`. */
  readonly rows: readonly ByteSource[];
  /** Passages to find them in; without them, all passages of the rows. */
  readonly corpus?: { readonly sources: readonly ByteSource[]; readonly parse: (line: Line) => InputRow };
  readonly retriever: MiningRetriever;
  readonly guard?: Guard;
  /** Ranks to take negatives from; by default 10 to 210, as FlagEmbedding's hn_mine. */
  readonly range?: RankRange;
  readonly rules?: Partial<NegativeRules>;
  /** Whose scores are written as `pos_scores` and `neg_scores`; nobody's by default. */
  readonly scores?: 'retriever' | 'guard';
  /** Rows with fewer negatives are left out of the output; by default none are. */
  readonly leastNegatives?: number;
  /** Where vectors and hits are kept, so that a run that was stopped goes on and another one with other rules need not encode. */
  readonly files: WorkFiles;
  readonly file: UnfinishedFile;
  /** What scores depend on, such as the models' fingerprints. */
  readonly settings: { readonly retriever: EncodeSettings; readonly guard?: EncodeSettings };
  readonly onProgress?: (stage: MineStage, event: RowsEvent) => void;
  /** Passages that are encoded together, rows that are searched together, and rows that are chosen together. @default 1024, 4096 and 64 */
  readonly windowRows?: { readonly encode?: number; readonly search?: number; readonly choose?: number };
}

/** Encoding of passages, search, and choice. */
export type MineStage = 'encode' | 'search' | 'choose';

/**
 * Finds hard negatives: each row gets the passages of a range of ranks that pass the rules, the guard's last. Positives of rows with
 * the same query, and the query, are no candidates, in any spelling that normalizes to theirs. Other fields of a row keep their
 * text; `neg_scores` of negatives that are replaced are taken out. The search is exact, by blocks. Memory: about 40 bytes a passage,
 * 24 a row and 8 a positive, and a window of rows or passages. A run that was killed is gone on with, to the same bytes.
 * @throws OptionError; DataError with file and line; RangeError for vectors and scores that are not finite; as `transformRows`
 */
export async function mineNegatives(job: MineJob): Promise<MineReport> {
  const {
    files,
    retriever,
    guard,
    scores,
    overwrite = false,
    signal,
    say = () => {},
    commitMilliseconds,
  } = job;
  const { range, rules, leastNegatives } = checkedOptions(job);
  const pool = await gatherPassages({
    rows: job.rows,
    files,
    ...(job.corpus && { corpus: job.corpus }),
    ...(signal && { signal }),
  });
  if (pool.candidates <= range.from) {
    await pool.source.close();
    throw new OptionError(
      'range',
      `expected more than ${range.from} distinct passages, which the ranks begin behind, got ${pool.candidates}`,
      'begin at a lower rank, or search a larger corpus',
    );
  }
  say(`${pool.candidates.toLocaleString('en')} distinct passages, ${pool.rows.toLocaleString('en')} rows`);
  const common = {
    say,
    overwrite,
    ...(signal && { signal }),
    ...(commitMilliseconds !== undefined && { commitMilliseconds }),
  };
  const progress = (stage: MineStage) => ({
    onProgress: (event: RowsEvent) => job.onProgress?.(stage, event),
  });
  const encoding = { ...job.settings.retriever, passages: pool.passages, passages_hash: pool.passagesHash };
  const open: ByteSource[] = [pool.source];
  try {
    const encoded = await runStage<string>({
      ...common,
      ...progress('encode'),
      files,
      name: 'passages.vectors',
      settings: encoding,
      sources: [pool.source],
      parse: (line) => (parseLine(line) as { text: string }).text,
      windowWeight: job.windowRows?.encode ?? 1024,
      transform: async (texts, control) =>
        formatVectorRecords(
          await retriever.encodePassages(texts, control.signal && { signal: control.signal }),
        ),
    });
    open.push(encoded.source);
    const searching = {
      ...encoding,
      candidates: pool.candidates,
      rows: pool.rows,
      rows_hash: pool.rowsHash,
      ranks: `${range.from}-${range.to}`,
    };
    const found = await runStage<MiningRow>({
      ...common,
      ...progress('search'),
      // Hits are made again from vectors, which cost more: other ranks or rows are no error.
      overwrite: true,
      files,
      name: 'hits.jsonl',
      settings: searching,
      sources: job.rows,
      parse: parseMiningRow,
      windowWeight: job.windowRows?.search ?? 4096,
      transform: async (rows, { tally, signal: stop }) => {
        const vectors = encoded.source;
        const hits = await searchRows(rows, {
          pool,
          retriever,
          vectors,
          range,
          ...(stop && { signal: stop }),
        });
        for (const { scores: of, positives } of hits)
          for (const score of [...of, ...positives]) {
            tally.least = Math.min(tally.least ?? score, score);
            tally.most = Math.max(tally.most ?? score, score);
          }
        return new TextEncoder().encode(hits.map((each) => `${JSON.stringify(each)}\n`).join(''));
      },
    });
    open.push(found.source);
    const span = { from: found.tally.least!, to: found.tally.most! };
    const nextHits = hitsReader(found.source);
    const { rows, tally } = await transformRows<MiningRow>({
      ...common,
      ...progress('choose'),
      file: job.file,
      settings: {
        ...searching,
        ...definedOf(rules),
        ...(guard &&
          prefixed('guard', { ...job.settings.guard, margin: guard.margin, maxScore: guard.maxScore })),
        ...(scores && { scores }),
        leastNegatives,
      },
      sources: job.rows,
      parse: parseMiningRow,
      windowWeight: job.windowRows?.choose ?? 64,
      transform: async (window, { first, tally: counted, signal: stop }) => {
        const hits = await nextHits(first, window.length);
        const chosen = await chooseRows(
          window.map((row, i) => ({ row, hits: hits[i]! })),
          first,
          {
            rules,
            pool,
            guardsAll: scores === 'guard',
            ...(guard && { guard }),
            ...(stop && { signal: stop }),
          },
        );
        const lines = window.map((row, i) => {
          const isLeftOut = chosen[i]!.negatives.length < leastNegatives;
          count(counted, row, hits[i]!, chosen[i]!, { span, isLeftOut, isUnit: guard?.normalized ?? false });
          return isLeftOut ? '' : `${replaceFields(row.text, fieldsOf(hits[i]!, chosen[i]!, scores))}\n`;
        });
        return new TextEncoder().encode(lines.join(''));
      },
    });
    return reportOf(rows, tally, { pool, span, rules, ...(guard && { guard }) });
  } finally {
    for (const source of open) await source.close();
  }
}

/** Options with their defaults. @throws OptionError */
function checkedOptions({
  range = { from: 10, to: 210 },
  rules: given,
  scores,
  guard,
  leastNegatives = 0,
}: MineJob) {
  const rules: NegativeRules = { negatives: 15, sampling: 'top', seed: 42, ...given };
  const refuse = (option: string, expected: string, got: unknown): never => {
    throw new OptionError(option, `expected ${expected}, got ${got}`);
  };
  const { from, to } = range;
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || to <= from)
    refuse('range', 'ranks from 0 on, the last one behind the first', `${from} to ${to}`);
  if (!Number.isSafeInteger(rules.negatives) || rules.negatives < 1 || rules.negatives > to - from)
    refuse('negatives', `a whole number from 1 to ${to - from}, the ranks of the range`, rules.negatives);
  if (!Number.isSafeInteger(leastNegatives) || leastNegatives < 0 || leastNegatives > rules.negatives)
    refuse('leastNegatives', `a whole number from 0 to ${rules.negatives}`, leastNegatives);
  for (const key of ['minScore', 'maxScore', 'absoluteMargin', 'relativeMargin'] as const)
    if (rules[key] !== undefined && !Number.isFinite(rules[key])) refuse(key, 'a number', rules[key]);
  if (scores === 'guard' && guard === undefined)
    refuse('scores', 'retriever, or a guard', 'guard without one');
  return { range, rules, leastNegatives };
}

/** Hits of rows in their order; those before the first that is asked for are passed over. */
function hitsReader(source: ByteSource) {
  const lines = readLines(source);
  let passed = 0;
  const next = async (): Promise<RowHits> => {
    const line = await lines.next();
    if (line.done)
      throw new RangeError(`${source.name}: expected a line for each row, got ${passed} — pass --overwrite`);
    passed++;
    return parseLine(line.value) as RowHits;
  };
  return async (first: number, count: number): Promise<RowHits[]> => {
    while (passed < first) await next();
    const hits: RowHits[] = [];
    for (let i = 0; i < count; i++) hits.push(await next());
    return hits;
  };
}

function fieldsOf(hits: RowHits, { negatives, guardPositives }: ChosenRow, scores: MineJob['scores']) {
  const neg = negatives.map(({ text }) => text);
  if (scores === undefined) return { neg, neg_scores: undefined };
  const ofGuard = scores === 'guard';
  return {
    neg,
    pos_scores: ofGuard ? guardPositives : hits.positives,
    neg_scores: negatives.map(({ score, guardScore }) => (ofGuard ? guardScore! : score)),
  };
}

const logistic = (score: number): number => 1 / (1 + Math.exp(-score));
const unit = { from: 0, to: 1 };

function count(
  tally: Record<string, number>,
  row: MiningRow,
  hits: RowHits,
  { negatives, dropped, guardPositives, guardCandidates }: ChosenRow,
  asked: {
    readonly span: { readonly from: number; readonly to: number };
    readonly isLeftOut: boolean;
    /** Whether the guard's scores lie in 0 to 1. */
    readonly isUnit: boolean;
  },
): void {
  const share = asked.isUnit ? (score: number) => score : logistic;
  add(tally, `rows_with.${negatives.length}`);
  if (asked.isLeftOut) add(tally, 'left_out');
  add(tally, 'candidates', hits.scores.length);
  add(tally, 'replaced', row.neg.length);
  for (const [kind, passages] of Object.entries(hits.excluded)) add(tally, `excluded.${kind}`, passages);
  for (const [rule, passages] of Object.entries(dropped)) add(tally, `dropped.${rule}`, passages);
  add(tally, 'guarded', guardCandidates.length);
  countScores(tally, 'positives', hits.positives, asked.span);
  countScores(tally, 'candidates', hits.scores, asked.span);
  countScores(
    tally,
    'negatives',
    negatives.map(({ score }) => score),
    asked.span,
  );
  countScores(tally, 'guard_positives', guardPositives.map(share), unit);
  countScores(tally, 'guard_candidates', guardCandidates.map(share), unit);
  countScores(
    tally,
    'guard_negatives',
    negatives.flatMap(({ guardScore }) => (guardScore === undefined ? [] : [share(guardScore)])),
    unit,
  );
}

type Given = Readonly<Record<string, string | number | boolean | undefined>>;

const definedOf = (given: object): EncodeSettings =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));

const prefixed = (prefix: string, given: Given): EncodeSettings =>
  Object.fromEntries(Object.entries(definedOf(given)).map(([key, value]) => [`${prefix} ${key}`, value]));
