import type { ByteSource } from './byte-source.js';
import {
  noNegatives,
  type QaColumns,
  type QaCounts,
  type QaRow,
  type QaSample,
  readQaRows,
  startCounts,
} from './qa-rows.js';
import type { TableFormat } from './table.js';
import { textHash } from './text-hash.js';

export interface ArticlePlan extends QaColumns {
  readonly format: TableFormat;
  /** `neg_batch_size`, at least 1. */
  readonly size: number;
  /** `n_neg_batch`. */
  readonly batches: number;
}

/** Rows whose question did not occur before. */
async function* firstOccurrences(
  source: ByteSource,
  plan: ArticlePlan,
  counts: QaCounts,
): AsyncGenerator<QaRow> {
  const questions = new Set<bigint>();
  for await (const row of readQaRows(source, plan.format, plan, counts)) {
    const hash = textHash(row.question);
    if (questions.has(hash)) {
      counts.rows--;
      counts.repeatedQuestions++;
      continue;
    }
    questions.add(hash);
    yield row;
  }
}

/**
 * The samples of the MasteringRAG notebooks: of each first occurrence of a question, min(`batches`, ceil((rows − 1) /
 * `size`)) samples. Sample b has the answers b·size … (b + 1)·size − 1 of the other rows in file order, without those
 * that equal the row's own, which may leave it without any. `where` is applied before repeated questions are dropped.
 */
export async function* articleSamples(
  source: ByteSource,
  plan: ArticlePlan,
  counts: QaCounts,
): AsyncGenerator<QaSample> {
  const { size, batches } = plan;
  // Of the first rows, one more than all batches hold: a row is no negative of its own.
  const first: string[] = [];
  let rows = 0;
  for await (const { passage } of firstOccurrences(source, plan, startCounts())) {
    if (rows++ <= size * batches) first.push(passage);
  }
  const made = Math.min(batches, Math.ceil((rows - 1) / size));
  let index = -1;
  for await (const row of firstOccurrences(source, plan, counts)) {
    index++;
    if (made === 0) throw noNegatives(row);
    const others = first.filter((_, i) => i !== index).slice(0, size * batches);
    let negatives = 0;
    for (let from = 0; from < made * size; from += size) {
      const neg = others.slice(from, from + size).filter((passage) => passage !== row.passage);
      negatives += neg.length;
      counts.samples++;
      yield { query: row.question, pos: [row.passage], neg };
    }
    if (negatives < size * batches) counts.shortQuestions++;
  }
}
