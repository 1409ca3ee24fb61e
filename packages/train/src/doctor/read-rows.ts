import {
  DataError,
  type ExampleMaker,
  formatPosition,
  openRows,
  type RecordReader,
  type RowPosition,
} from '@rag/data';
import { openSources, type RunFiles } from '../run-files.js';
import type { Surveyor } from './survey.js';
import type { SurveyRow } from './survey-row.js';

/** How rows of one kind are read and looked at. */
export interface RowSurveyReader<R> {
  readonly reader: RecordReader<R>;
  row(record: R): SurveyRow;
  /** What makes examples of rows, by the names of losses. */
  readonly makers: Readonly<Record<string, Pick<ExampleMaker<unknown, R>, 'lengths' | 'leavesOut'>>>;
}

/** Rows that stop a run, of one fault. */
export interface Fault {
  readonly fault: string;
  readonly count: number;
  /** `file:line` of the first. */
  readonly first: string;
  /** The first one's error, with its place; absent where only the place is known. */
  readonly message?: string;
}

/** The examples that a loss makes of all rows. */
export interface ExampleCount {
  readonly count: number;
  /** Rows that give none. */
  readonly leftOut: number;
  /** Rows that the loss cannot read. */
  readonly unfit: readonly Fault[];
}

/** Files as they were read. */
export interface ReadRows {
  /** Rows that can be read again, by their places. */
  readonly length: number;
  read(row: number): Promise<SurveyRow>;
  close(): Promise<void>;
  /** Why a file cannot be used at all; there are no rows then. */
  readonly problem?: string;
  readonly faults: readonly Fault[];
  readonly shapes: Readonly<Record<string, number>>;
  examples(loss: string): ExampleCount;
}

/** Gathers faults: how many of each kind, and the first. */
function faultTally() {
  const faults = new Map<string, Fault>();
  return {
    add({ fault, at, message }: DataError): void {
      const before = faults.get(fault);
      if (before) faults.set(fault, { ...before, count: before.count + 1 });
      else faults.set(fault, { fault, count: 1, first: formatPosition(at), message });
    },
    get: (fault: string) => faults.get(fault),
    list: () => [...faults.values()],
  };
}

/**
 * Reads all rows of files once and shows each to `surveyor`. Bad rows are counted, where a run stops at the first. In memory
 * stays an index of 40 bytes a row; close it.
 */
export async function readRows<R extends { readonly at: RowPosition }>(
  files: Pick<RunFiles, 'openData'>,
  paths: readonly string[],
  { reader, row, makers }: RowSurveyReader<R>,
  surveyor: Pick<Surveyor, 'add'>,
): Promise<ReadRows> {
  const parsed = faultTally();
  const shapes: Record<string, number> = {};
  const tallies = Object.entries(makers).map(([name, maker]) => ({
    ...{ name, maker, unfit: faultTally() },
    count: 0,
    leftOut: 0,
  }));
  const watched: RecordReader<R> = {
    ...reader,
    parse: (value, at) => {
      try {
        return reader.parse(value, at);
      } catch (error) {
        if (error instanceof DataError) parsed.add(error);
        throw error;
      }
    },
  };
  const visit = (record: R, index: number): void => {
    const looked = row(record);
    shapes[looked.shape] = (shapes[looked.shape] ?? 0) + 1;
    surveyor.add(looked);
    for (const tally of tallies) {
      try {
        const { length } = tally.maker.lengths(record, index);
        if (length === 0) tally.leftOut++;
        tally.count += length;
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        if (tally.maker.leavesOut?.some((fault) => fault === error.fault)) tally.leftOut++;
        else tally.unfit.add(error);
      }
    }
  };
  const examples = (loss: string): ExampleCount => {
    const { count, leftOut, unfit } = tallies.find(({ name }) => name === loss)!;
    return { count, leftOut, unfit: unfit.list() };
  };
  try {
    const records = await openRows(
      await openSources(files, paths),
      watched,
      { badRows: 'skip', cacheBytes: 0 },
      visit,
    );
    const faults = Object.entries(records.summary.skipped).map(
      ([fault, { count, first }]): Fault => ({ ...parsed.get(fault), fault, count, first }),
    );
    const { length, close } = records;
    return {
      ...{ length, close, faults, shapes, examples },
      read: async (place) => row(await records.read(place)),
    };
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return {
      ...{ length: 0, faults: parsed.list(), shapes, examples, problem: error.message },
      read: () => Promise.reject(error),
      close: async () => {},
    };
  }
}
