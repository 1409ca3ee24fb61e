import { answerPool, type PooledAnswer } from './answer-pool.js';
import type { ByteSource } from './byte-source.js';
import { DataError } from './data-error.js';
import { articleSamples } from './qa-article.js';
import {
  countSkipped,
  noNegatives,
  type QaColumns,
  type QaCounts,
  type QaRow,
  type QaSample,
  readQaRows,
  startCounts,
} from './qa-rows.js';
import { at } from './random.js';
import { type TableFormat, tableFormat } from './table.js';
import { textHash } from './text-hash.js';

export interface QaSamplesOptions extends QaColumns {
  /** @default what the file's name says */
  readonly format?: TableFormat;
  /** `neg_batch_size`: negatives per sample; −1 puts all other answers into one sample. @default 16 */
  readonly negBatchSize?: number;
  /** `n_neg_batch`: samples per question, each with other negatives. @default 5 */
  readonly negBatches?: number;
  /** @default 0 */
  readonly seed?: number;
  /** Memory for the answers that negatives are drawn from, in bytes; a table that fits is drawn from as a whole. @default 64 MiB */
  readonly poolBytes?: number;
  /** Build the samples as the article's notebooks do (see {@link qaSamples}). @default false */
  readonly compat?: boolean;
}

/** What a walk over the samples has seen so far; complete when it has ended. */
export type QaSummary = Readonly<QaCounts>;

/** Samples to walk over, any number of times, with the summary of the latest walk. */
export interface QaSamples extends AsyncIterable<QaSample> {
  readonly summary: QaSummary;
}

interface Plan extends QaSamplesOptions {
  readonly format: TableFormat;
  readonly size: number;
  readonly batches: number;
}

type Draw = (count: number, tries: number) => number[];

/** Negatives of a row, drawn without repeats: different texts, none an answer to the same question. */
function drawNegatives(
  row: QaRow,
  question: bigint,
  pool: readonly PooledAnswer[],
  wanted: number,
  draw: Draw,
): string[] {
  const own = textHash(row.passage);
  for (let tries = Math.min(pool.length, wanted + 8); ; tries = Math.min(pool.length, 2 * tries)) {
    const fit = draw(pool.length, tries)
      .map((i) => pool[i]!)
      .filter(({ hash, questions }) => hash !== own && !questions.has(question));
    if (fit.length >= wanted || tries === pool.length) return fit.slice(0, wanted).map(({ text }) => text);
  }
}

/** The rows of both passes must be the same. */
function rowsHash() {
  let hash = 0;
  return {
    add: (question: bigint) => {
      hash = Math.imul(hash ^ Number(question & 0xffffffffn), 0x01000193);
    },
    value: () => hash,
  };
}

async function* seededSamples(source: ByteSource, plan: Plan, counts: QaCounts): AsyncGenerator<QaSample> {
  const { size, batches, seed = 0, poolBytes = 2 ** 26, format } = plan;
  const all = size === -1;
  const needed = all ? Number.POSITIVE_INFINITY : size * batches;
  const pool = answerPool({ seed, limitBytes: poolBytes, needed, name: source.name });
  const seen = rowsHash();
  for await (const { category, passage, question } of readQaRows(source, format, plan, startCounts())) {
    const hash = textHash(question);
    seen.add(hash);
    pool.add(category, passage, hash);
  }
  const answers = pool.finish();
  const again = rowsHash();
  for await (const row of readQaRows(source, format, plan, counts)) {
    const number = counts.rows - 1;
    const question = textHash(row.question);
    again.add(question);
    const candidates = answers.get(row.category) ?? [];
    const wanted = all ? candidates.length : needed;
    // The first draws of one place are the same however many are asked for.
    const draw: Draw = (count, tries) => at(seed, 'qa-negatives', number).sample(count, tries);
    const negatives = drawNegatives(row, question, candidates, wanted, draw);
    if (negatives.length === 0) {
      if (plan.badRows !== 'skip') throw noNegatives(row);
      countSkipped(counts, 'no-contrast', row.at);
      continue;
    }
    if (!all && negatives.length < wanted) counts.shortQuestions++;
    const step = all ? negatives.length : size;
    for (let from = 0; from < negatives.length; from += step) {
      counts.samples++;
      yield { query: row.question, pos: [row.passage], neg: negatives.slice(from, from + step) };
    }
  }
  if (again.value() !== seen.value()) {
    const remedy = 'do not write to a data file while it is in use';
    const at = { file: source.name };
    throw new DataError('changed-file', {
      at,
      expected: 'the rows of the first pass',
      got: 'others',
      remedy,
    });
  }
}

function checkPlan(source: ByteSource, options: QaSamplesOptions): Plan {
  const { negBatchSize: size = 16, negBatches: batches = 5, compat = false, category } = options;
  if (!(size === -1 || (Number.isInteger(size) && size >= 1 && size <= 2 ** 20))) {
    throw new RangeError(`neg_batch_size: expected an integer from 1 to 2^20, or -1 for all, got ${size}`);
  }
  if (!(Number.isInteger(batches) && batches >= 1 && batches <= 2 ** 20)) {
    throw new RangeError(`n_neg_batch: expected an integer from 1 to 2^20, got ${batches}`);
  }
  if (compat && size === -1) {
    throw new RangeError(
      'neg_batch_size: expected an integer from 1 with compat (the article makes no samples of -1), got -1',
    );
  }
  if (compat && category !== undefined) {
    throw new RangeError(
      'category: expected none with compat (the article has no such option), got a column',
    );
  }
  return { ...options, format: options.format ?? tableFormat(source.name), size, batches };
}

/**
 * Makes `{query, pos, neg}` rows of a table of questions and answers, streaming it twice: once to gather answers, once
 * to make the samples. The source stays open and the caller's. Each row gives up to `negBatches` samples with
 * `negBatchSize` negatives each: other rows' answers (of its category, where one is given), no text twice, none that
 * equals its own or answers the same question in another row. Negatives are drawn by (seed, row), so two walks agree.
 *
 * `compat` does as the article: a question that occurred before is dropped; row i's negatives are the table's answers in
 * file order without its own row, cut into batches, so that all questions share the first
 * `negBatchSize × negBatches` rows; answers equal to its own are taken out after the cut, which shortens a batch, even to
 * nothing. It holds a hash per question in memory.
 * Source: Steven-Luo/MasteringRAG, build_embedding_sample_v1 and v2 (questions with answers, with contexts).
 *
 * Throws RangeError for options, DataError at file and line for rows.
 */
export function qaSamples(source: ByteSource, options: QaSamplesOptions = {}): QaSamples {
  const plan = checkPlan(source, options);
  let counts = startCounts();
  return {
    get summary() {
      return counts;
    },
    async *[Symbol.asyncIterator]() {
      counts = startCounts();
      const walk = counts;
      yield* plan.compat ? articleSamples(source, plan, walk) : seededSamples(source, plan, walk);
      if (walk.rows > 0) return;
      const faults = Object.keys(walk.skipped);
      const leftOut = [
        ...(walk.elsewhere > 0 ? [`"where" left out ${walk.elsewhere}`] : []),
        ...(faults.length > 0 ? [`others were skipped (${faults.join(', ')})`] : []),
      ];
      const got = ['none', ...leftOut].join(', ');
      const at = { file: source.name };
      throw new DataError('empty-file', { at, expected: 'at least one usable row', got });
    },
  };
}
