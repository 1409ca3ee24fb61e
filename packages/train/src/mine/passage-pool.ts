import type { ByteSource, Line } from '@rag/data';
import type { InputRow } from '../encode/input-row.js';
import { readInputRows } from '../encode/input-rows.js';
import { lineTally } from '../encode/line-tally.js';
import { type MiningRow, parseMiningRow } from './mining-row.js';
import { textTable } from './text-table.js';
import type { WorkFiles } from './work-files.js';

/** What is searched: passages by number, each text once after normalization. Texts are in a file, numbers and offsets in memory. */
export interface PassagePool {
  /** Passages that may become negatives: numbers from 0. */
  readonly candidates: number;
  /** With the positives that are not among them, behind them. */
  readonly passages: number;
  /** Texts that were read and equal an earlier one, and blank ones. */
  readonly repeated: number;
  readonly blank: number;
  readonly rows: number;
  /** Hashes of the passages and of the rows. */
  readonly passagesHash: string;
  readonly rowsHash: string;
  /** Bytes of all lines. */
  readonly source: ByteSource;
  /** undefined for a text that is no passage. */
  numberOf(text: string): number | undefined;
  /** The number of each positive of a row, in its order. */
  positivesOf(row: MiningRow): number[];
  /** Every passage that is no negative of a row: positives of each row that asks the same, and the query itself. */
  excludedOf(row: MiningRow): ReadonlySet<number>;
  /** The text of a passage. */
  read(passage: number): Promise<string>;
}

/** The file of passages, a line `{"text"}` each. */
export const passagesFile = 'passages.jsonl';

/** What passages are gathered from. */
export interface PoolInput {
  readonly rows: readonly ByteSource[];
  /** What is searched in place of the rows' own passages. */
  readonly corpus?: { readonly sources: readonly ByteSource[]; readonly parse: (line: Line) => InputRow };
  readonly files: WorkFiles;
  readonly signal?: AbortSignal;
}

/**
 * Reads rows and corpus once and writes their distinct passages. Memory: about 40 bytes a passage, 24 a row and 8 a positive.
 * @throws DataError with file and line
 */
export async function gatherPassages({ rows, corpus, files, signal }: PoolInput): Promise<PassagePool> {
  const writer = await passageWriter(files);
  const numbers = textTable();
  const queries = textTable();
  const positives: number[][] = [];
  const tally = lineTally();
  const counts = { rows: 0, repeated: 0, blank: 0 };
  const add = async (text: string): Promise<number> => {
    const next = numbers.size;
    const number = numbers.add(text, next);
    if (number === next && numbers.size > next) await writer.add(text);
    else counts.repeated++;
    return number;
  };
  try {
    if (corpus !== undefined)
      for await (const { row } of readInputRows(corpus.sources, corpus.parse)) {
        signal?.throwIfAborted();
        if (row.text.trim() === '') counts.blank++;
        else await add(row.text);
      }
    const ofCorpus = numbers.size;
    for await (const { row } of readInputRows(rows, (line) => {
      tally.add(line.bytes);
      return parseMiningRow(line);
    })) {
      signal?.throwIfAborted();
      counts.rows++;
      const group = queries.add(row.query, positives.length);
      positives[group] ??= [];
      const repeated = counts.repeated;
      for (const text of row.pos) positives[group].push(await add(text));
      if (corpus === undefined) for (const text of row.neg) await add(text);
      // A positive that the corpus has is no repetition of it.
      else counts.repeated = repeated;
    }
    const candidates = corpus === undefined ? numbers.size : ofCorpus;
    const { offsets, hash } = await writer.finish();
    const source = (await files.open(passagesFile))!;
    return {
      ...counts,
      candidates,
      passages: numbers.size,
      passagesHash: hash,
      rowsHash: tally.digest(),
      source,
      numberOf: (text) => numbers.find(text),
      positivesOf: ({ pos }) => pos.map((text) => numbers.find(text)!),
      excludedOf({ query }) {
        const itself = numbers.find(query);
        const group = positives[queries.find(query)!]!;
        return new Set(itself === undefined ? group : [...group, itself]);
      },
      async read(passage) {
        const [from, to] = [offsets(passage), offsets(passage + 1)];
        const bytes = await source.read(from, to - from);
        return (JSON.parse(new TextDecoder().decode(bytes)) as { text: string }).text;
      },
    };
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

/** Bytes that are written at once. */
const chunkBytes = 1 << 20;

async function passageWriter(files: WorkFiles) {
  const file = await files.create(passagesFile);
  await file.begin();
  const tally = lineTally();
  let ends = new Float64Array(1024);
  let [count, bytes] = [0, 0];
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  const flush = async (): Promise<void> => {
    const chunk = new Uint8Array(heldBytes);
    let at = 0;
    for (const line of held) {
      chunk.set(line, at);
      at += line.length;
    }
    await file.append(chunk);
    [held, heldBytes] = [[], 0];
  };
  return {
    async add(text: string): Promise<void> {
      const line = new TextEncoder().encode(`${JSON.stringify({ text })}\n`);
      tally.add(line.subarray(0, -1));
      bytes += line.length;
      if (count === ends.length) {
        const grown = new Float64Array(2 * count);
        grown.set(ends);
        ends = grown;
      }
      ends[count++] = bytes;
      held.push(line);
      heldBytes += line.length;
      if (heldBytes >= chunkBytes) await flush();
    },
    async finish() {
      await flush();
      await file.finish(new Uint8Array(0));
      return { hash: tally.digest(), offsets: (line: number) => (line === 0 ? 0 : ends[line - 1]!) };
    },
    discard: () => file.discard(),
  };
}
