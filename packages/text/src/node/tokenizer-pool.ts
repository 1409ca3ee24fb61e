import { TokenizerError } from '../errors.js';
import { openTokenizer, type TokenizerTexts } from '../open-tokenizer.js';
import { type EncodedText, type EncodeTextOptions, encodeTexts, textsOf } from './encoded-texts.js';
import { startWorker } from './start-worker.js';
import { openWorkerThread, TokenizerWorkerError, type WorkerThread } from './worker-thread.js';

const MAX_WORKERS = 256;
/** UTF-16 units of the texts that a worker is given at a time. */
const PART_UNITS = 1 << 15;
/** Parts that a worker has at a time: one that it tokenizes, one that waits. The others stay with the caller's texts. */
const PARTS_PER_WORKER = 2;

/** Tokenizes texts in threads of its own. */
export interface TokenizerPool {
  readonly workers: number;
  /**
   * The ids of texts in their order, equal to those of `Tokenizer.encode` with any number of workers.
   * @throws TokenizerError as that does, TokenizerWorkerError after a worker died or `dispose`, the signal's reason
   */
  encode(
    texts: readonly string[],
    options?: EncodeTextOptions & { readonly signal?: AbortSignal },
  ): Promise<EncodedText[]>;
  /** Ends the threads; what is not finished is rejected. */
  dispose(): Promise<void>;
}

/**
 * Opens a tokenizer in each of `workers` threads; with 0 it runs in this one.
 * @throws RangeError for another number, and what `openTokenizer` throws
 */
export async function openTokenizerPool(
  files: TokenizerTexts,
  { workers }: { readonly workers: number },
): Promise<TokenizerPool> {
  if (!Number.isInteger(workers) || workers < 0 || workers > MAX_WORKERS)
    throw new RangeError(
      `workers: expected an integer from 0 to ${MAX_WORKERS}, got ${workers} — one per free core is the most that helps`,
    );
  if (workers === 0) return poolOf([await thisThread(files)], 0);
  const opened = await Promise.allSettled(
    Array.from({ length: workers }, () => openWorkerThread(startWorker(files))),
  );
  const threads = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = opened.find((one) => one.status === 'rejected');
  if (failed === undefined) return poolOf(threads, workers);
  for (const thread of threads) await thread.close();
  throw failed.reason;
}

async function thisThread(files: TokenizerTexts): Promise<WorkerThread> {
  const tokenizer = openTokenizer(files);
  let isOpen = true;
  return {
    async encode(texts, options) {
      if (!isOpen)
        throw new TokenizerWorkerError(
          'tokenizer pool: expected an open one, got one after dispose() — open another',
        );
      return textsOf(encodeTexts(tokenizer, texts, options));
    },
    async close() {
      isOpen = false;
    },
  };
}

function poolOf(threads: readonly WorkerThread[], workers: number): TokenizerPool {
  const free = Array.from({ length: PARTS_PER_WORKER }, () => threads).flat();
  const waiting: ((thread: WorkerThread) => void)[] = [];
  const take = async (): Promise<WorkerThread> =>
    free.shift() ?? new Promise((resolve) => waiting.push(resolve));
  const giveBack = (thread: WorkerThread): void => {
    const next = waiting.shift();
    if (next) next(thread);
    else free.push(thread);
  };
  return {
    workers,
    async encode(texts, { signal, ...options } = {}) {
      const parts = partsOf(texts);
      const stopped = new AbortController();
      const encodePart = async (part: readonly string[]): Promise<EncodedText[]> => {
        const thread = await take();
        try {
          stopped.signal.throwIfAborted();
          return await thread.encode(part, options);
        } finally {
          giveBack(thread);
        }
      };
      const stop = () => stopped.abort(signal?.reason);
      signal?.throwIfAborted();
      signal?.addEventListener('abort', stop, { once: true });
      try {
        const aborted = new Promise<never>((_, reject) => {
          stopped.signal.addEventListener('abort', () => reject(stopped.signal.reason), { once: true });
        });
        return (await Promise.race([Promise.all(parts.map(encodePart)), aborted])).flat();
      } finally {
        signal?.removeEventListener('abort', stop);
        // What has not begun is not worth beginning after an error.
        stopped.abort();
      }
    },
    async dispose() {
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}

/** Texts side by side, of about the same size together. @throws TokenizerError for what is no string */
function partsOf(texts: readonly string[]): string[][] {
  const parts: string[][] = [];
  let units = Number.POSITIVE_INFINITY;
  for (const text of texts) {
    if (typeof text !== 'string')
      throw new TokenizerError('encode', 'a string', typeof text, 'pass the text itself');
    if (units >= PART_UNITS) {
      parts.push([]);
      units = 0;
    }
    parts.at(-1)!.push(text);
    // A text costs more than its letters.
    units += text.length + 16;
  }
  return parts;
}
