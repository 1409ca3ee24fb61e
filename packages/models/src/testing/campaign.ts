import { type Random, randomFrom } from './random.js';

/** A class of errors that readers throw on purpose. */
type ErrorClass = abstract new (...args: never[]) => Error;

export interface Campaign<T> {
  readonly format: string;
  readonly seed: number;
  /** One damaged file. */
  mutant(random: Random): T;
  /** Opens it and reads all that it holds. */
  open(mutant: T): unknown;
  /** What `open` may throw. */
  readonly errors: readonly ErrorClass[];
  /** Files in all. Default: 300; 10,000 in the long run of the tests (`RAG_LONG`). */
  readonly files?: number;
}

export interface CampaignReport {
  readonly read: number;
  readonly refused: number;
  /** The messages without their numbers and names, the most frequent first: how varied the damage was. */
  readonly reasons: ReadonlyMap<string, number>;
}

/** Seconds of processor time for one small file: a hundred times what any takes. */
const MAX_SECONDS = 5;
/** Bytes that opening one small file may leave allocated. */
const MAX_BYTES = 2 ** 29;
/** The house's form of an error message, which no error of the JavaScript engine has. */
const HOUSE_FORM = /: expected .+, got .+/s;

/**
 * Opens damaged files, every one of which must be read, or refused by an error that the reader throws on purpose, in bounded time
 * and memory. A RangeError, TypeError or SyntaxError counts as on purpose when its message has the house's form
 * (`…: expected …, got … — …`).
 * @throws Error for the first file that is not; it says how to make that file again
 */
export async function campaign<T>({
  format,
  seed,
  mutant,
  open,
  errors,
  files = process.env.RAG_LONG ? 10_000 : 300,
}: Campaign<T>): Promise<CampaignReport> {
  let read = 0;
  const reasons = new Map<string, number>();
  const used = () => {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  for (let i = 0; i < files; i++) {
    const file = mutant(randomFrom(seed * 1_000_003 + i));
    const where = `${format}: file ${i} of seed ${seed}`;
    const before = used();
    const start = process.cpuUsage();
    try {
      await open(file);
      read++;
    } catch (error) {
      if (!isOnPurpose(error, errors)) {
        throw new Error(`${where}: expected one of the reader's errors, got ${error}`, { cause: error });
      }
      const reason = error.message.replace(/"(?:[^"\\]|\\.)*"|\d+/g, '…').slice(0, 80);
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    const { user, system } = process.cpuUsage(start);
    const seconds = (user + system) / 1e6;
    if (seconds > MAX_SECONDS) {
      throw new Error(`${where}: expected at most ${MAX_SECONDS} s of processor time, got ${seconds}`);
    }
    if (used() - before > MAX_BYTES) {
      throw new Error(`${where}: expected at most ${MAX_BYTES} bytes, got ${used() - before}`);
    }
  }
  const sorted = [...reasons].sort(([, a], [, b]) => b - a);
  return { read, refused: files - read, reasons: new Map(sorted) };
}

function isOnPurpose(error: unknown, errors: readonly ErrorClass[]): error is Error {
  if (errors.some((kind) => error instanceof kind)) return true;
  return error instanceof Error && HOUSE_FORM.test(error.message);
}
