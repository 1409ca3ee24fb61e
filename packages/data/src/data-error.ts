/** Where something was read: the source's name and, for a row, its line (from 1). */
export interface Position {
  readonly file: string;
  /** Line number from 1; absent when the whole file is meant. */
  readonly line?: number;
  /** Column from 1, in UTF-16 code units of the line (bytes for invalid UTF-8). */
  readonly column?: number;
}

/** What is wrong with a file: the file itself cannot be used, whatever is asked of its rows. */
export type FileFault =
  | 'missing-file'
  | 'directory'
  | 'unreadable-file'
  | 'empty-file'
  | 'compressed'
  | 'utf-16'
  | 'bom'
  | 'long-line'
  | 'changed-file';

/** What is wrong with one row. */
export type RowFault =
  | 'invalid-utf8'
  | 'empty-line'
  | 'cr-line-ends'
  | 'invalid-json'
  | 'indented-json'
  | 'nan'
  | 'wrong-type'
  | 'missing-key'
  | 'misnamed-key'
  | 'ambiguous-shape'
  | 'empty-query'
  | 'empty-pos'
  | 'empty-hits'
  | 'empty-passage'
  | 'length-mismatch'
  | 'label-out-of-range'
  | 'unfit-shape'
  | 'short-row'
  | 'no-contrast';

export interface DataErrorParts {
  readonly at: Position;
  readonly expected: string;
  readonly got: string;
  /** What to do about it. */
  readonly remedy?: string;
  readonly cause?: unknown;
}

/** `file:line:column` as editors and terminals link it. */
export function formatPosition({ file, line, column }: Position): string {
  return [file, line, column].filter((part) => part !== undefined).join(':');
}

/** Bad input data; the message reads `<file:line>: expected …, got … — what to do`. */
export class DataError extends Error {
  override readonly name = 'DataError';
  readonly fault: FileFault | RowFault;
  readonly at: Position;

  constructor(fault: FileFault | RowFault, { at, expected, got, remedy, cause }: DataErrorParts) {
    const advice = remedy === undefined ? '' : ` — ${remedy}`;
    super(
      `${formatPosition(at)}: expected ${expected}, got ${got}${advice}`,
      cause === undefined ? {} : { cause },
    );
    this.fault = fault;
    this.at = at;
  }
}

const fileFaults: ReadonlySet<string> = new Set<FileFault>([
  'missing-file',
  'directory',
  'unreadable-file',
  'empty-file',
  'compressed',
  'utf-16',
  'bom',
  'long-line',
  'changed-file',
]);

/** Whether the error concerns one row, so that the other rows of the file can still be read. */
export function isRowError(error: unknown): error is DataError & { fault: RowFault } {
  return error instanceof DataError && !fileFaults.has(error.fault);
}
