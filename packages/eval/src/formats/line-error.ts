/** A line of a run, qrels or collection file that cannot be used; reads `<file>:<line>: expected …, got … — …`. */
export class LineError extends Error {
  override readonly name = 'LineError';
  readonly file: string;
  /** From 1. */
  readonly line: number;

  constructor(file: string, line: number, problem: string, options?: { cause: unknown }) {
    super(`${file}:${line}: ${problem}`, options);
    this.file = file;
    this.line = line;
  }
}
